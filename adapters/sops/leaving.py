"""Who leaves, with the keys of all their machines, and what main is without them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath

from pydantic import Field

from adapters.shared.checkout import CONFIGURATION, Checkout
from adapters.shared.recipients import Recipients
from adapters.shared.searching import waiting_with
from adapters.sops.configuration import without
from adapters.sops.datakeys import own_recipient
from adapters.sops.past import is_encrypted
from adapters.sops.program import open_sops
from adapters.sops.rekeying import Build, Revision, named_as, remove_readers
from adapters.sops.values import Stores
from engine.errors import Refused
from engine.step import Frozen


class Readers(Frozen):
    """Whose keys it is about: all keys of one person."""

    recipients: Recipients = Field(
        default=(),
        description="All age recipients of the person, one for each machine; a list, or a text "
        "with spaces or commas between them.",
    )
    name: str = Field(
        default="",
        description="Who they are, as comments in .sops.yaml say; if given, no other recipient may "
        "have a comment that begins with it.",
    )
    exists: bool = Field(
        default=True,
        description="Whether they have an age key at all; if false, no recipient may be given.",
    )

    @property
    def told(self) -> str:
        """Return what people call them."""
        return " and ".join(self.recipients) or self.name or "nobody"


def removing(stores: Stores, params: Readers) -> Build:
    """Return what takes a person out; for who has no key it makes main as it is.

    What is returned raises `Refused` where a key of theirs was not named. Raises `Refused` for a
    recipient that must stay, and where no recipient is given for somebody who has a key.
    """
    _refuse_unfit(params)
    _refuse_kept(stores, params)

    def build(checkout: Checkout) -> Revision:
        _refuse_unnamed(checkout, params)
        for recipient in params.recipients:
            _refuse_pending(checkout, recipient)
        edit = partial(_edit_out, params.recipients)
        key_file = stores.sops.age_key_file
        return remove_readers(open_sops(stores.sops), checkout, params.recipients, edit, key_file)

    return build


def _edit_out(recipients: tuple[str, ...], text: str, file: str) -> str:
    there = [each for each in recipients if each in text]
    return without(text, file, there) if there else text


def _refuse_unfit(params: Readers) -> None:
    if params.exists and not params.recipients:
        raise Refused(
            "no age recipient is given, and the run was told that there is one",
            hint="Give the recipient of each of their machines, or say that they have none.",
        )
    if not params.exists and params.recipients:
        raise Refused(
            f"{params.told} is given, and the run was told that they have no age key",
            hint="Start with what is so.",
        )


def _refuse_kept(stores: Stores, params: Readers) -> None:
    kept = {own_recipient(stores.sops.age_key_file): "the engine's own key"}
    kept |= dict.fromkeys(stores.sops.keep_readers, "named in sops.keep_readers")
    for recipient in params.recipients:
        if recipient in kept:
            raise Refused(
                f"{recipient} may not be taken out: it is {kept[recipient]}",
                hint="Check whose recipient was typed.",
            )


def _refuse_unnamed(checkout: Checkout, params: Readers) -> None:
    theirs = named_as(checkout, checkout.main, params.name) if params.name else ()
    if others := [each for each in theirs if each not in params.recipients]:
        raise Refused(
            f"by its comment in .sops.yaml {' and '.join(others)} is {params.name}'s as well, and "
            "was not given",
            hint="Give the recipients of all their machines. Where it is somebody else's, correct "
            "the comment first.",
        )


def _refuse_pending(checkout: Checkout, recipient: str) -> None:
    waiting = waiting_with(checkout, recipient).items()
    if pending := [branch for branch, files in waiting if _holds_secrets(files)]:
        raise Refused(
            f"what waits on {', '.join(pending)} can be read by the one who leaves",
            hint="Let those runs end, or delete the branches, then start again; a value that "
            "is published from there would have been theirs to read.",
        )


def _holds_secrets(files: Mapping[str, bytes]) -> bool:
    """Tell whether rules or an encrypted file are among files, and not only pages."""
    return any(
        PurePosixPath(file).name == CONFIGURATION or is_encrypted(raw, file)
        for file, raw in files.items()
    )
