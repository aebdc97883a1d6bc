"""Writing and reading a value in the repository: what `sops.set` and `sops.read` do."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from adapters.shared import trailers
from adapters.shared.checkout import Checkout, GitSettings, open_checkout
from adapters.sops.document import Document, parse
from adapters.sops.location import SopsLocation
from adapters.sops.models import ReadOutputs, ReadParams, SetOutputs, SetParams
from adapters.sops.program import Sops, SopsSettings, open_sops
from adapters.sops.replacement import decoded, encoded, equal, read_value, replace_value
from adapters.sops.rules import refuse_clear
from engine.errors import Refused
from engine.step import Call, Done, NotYet, Probe, Unclear

ALMOST_THE_SAME = 0.85
"""From which likeness on a new category is taken for a slip: 1 is the same name."""


@dataclass(frozen=True)
class Stores:
    """What is needed to reach an encrypted file."""

    sops: SopsSettings
    git: GitSettings


def probe_set(stores: Stores, params: SetParams, call: Call) -> Probe[SetOutputs]:
    """Look whether the pending branch, or else main, holds the value."""
    sops = open_sops(stores.sops)
    with open_checkout(stores.git, call.run) as checkout:
        commit = checkout.pending or checkout.main
        branch = checkout.pending_branch if checkout.pending else stores.git.branch
        held = held_value(sops, checkout, commit, params.at)
        if held is not None and equal(held, params.value):
            return _done(params, call, branch, commit)
        if held is not None and params.new:
            return Unclear(_taken(params.at, call.fingerprint(held)))
        found = "no value" if held is None else call.fingerprint(held)
        finding = f"{branch} holds {found} at {params.at}, not {call.fingerprint(params.value)}"
        if params.new:
            finding += _beside(placed(checkout, commit, params.at)[1], params.at)
        return NotYet(finding)


def set_value(stores: Stores, params: SetParams, call: Call) -> Done[SetOutputs]:
    """Commit the encrypted value to the pending branch of the run, and push it."""
    sops = open_sops(stores.sops)
    at = params.at
    with open_checkout(stores.git, call.run) as checkout:
        tip = checkout.pending or checkout.main
        folder, document = placed(checkout, tip, at)
        _refuse_taken(sops, checkout, tip, params, call)
        check_target(document, at, create=params.create or params.new, category=params.new)
        before = (folder / at.file).read_bytes()
        refuse_clear(sops, folder / at.file, at.path)
        text = encoded(document, at.path, params.value)
        replace_value(sops, folder / at.file, at.path, text)
        if (folder / at.file).read_bytes() == before:
            branch = checkout.pending_branch if checkout.pending else stores.git.branch
            return _done(params, call, branch, tip)
        message = trailers.message(call, trailers.verb_of(call), [at.change])
        commit = checkout.commit(checkout.tree_with(tip, folder, [at.file]), tip, message)
        checkout.push_pending(commit, call.report)
        return _done(params, call, checkout.pending_branch, commit)


def take_back(stores: Stores, params: SetParams, outputs: SetOutputs, call: Call) -> SetOutputs:
    """Delete the pending branch and return what main holds; refuse if the value is on main."""
    if outputs.branch == stores.git.branch:
        return outputs  # it was there before us
    sops = open_sops(stores.sops)
    with open_checkout(stores.git, call.run) as checkout:
        held = held_value(sops, checkout, checkout.main, params.at)
        if held is not None and equal(held, params.value):
            raise Refused(
                f"{stores.git.branch} holds the new value at {params.at} already",
                hint="Take the publishing back first.",
            )
        checkout.undo_pending()
        print_of = "" if held is None else call.fingerprint(held)
        return SetOutputs(branch=stores.git.branch, commit=checkout.main, fingerprint=print_of)


def read(stores: Stores, params: ReadParams, call: Call) -> Done[ReadOutputs]:
    """Return the value that main holds."""
    sops = open_sops(stores.sops)
    at = params.at
    with open_checkout(stores.git, call.run) as checkout:
        folder, document = placed(checkout, checkout.main, at)
        document.require(at.path)
        value = decoded(document, at.path, sops_text(sops, folder / at.file, at))
        mark = call.fingerprint(value)
        return Done(
            ReadOutputs(value=value, fingerprint=mark),
            f"{stores.git.branch} at {checkout.main[:12]} holds {mark} at {at}",
        )


def placed(checkout: Checkout, commit: str, at: SopsLocation) -> tuple[Path, Document]:
    """Put the file into a directory and return both; raise `Refused` if it is not there."""
    folder = checkout.place(commit, [at.file])
    if not (folder / at.file).exists():
        raise Refused(
            f"there is no {at.file} in the repository as of {commit[:12]}",
            hint="Correct the file in the catalogue; it is a path inside the repository.",
        )
    return folder, parse((folder / at.file).read_bytes(), at.file)


def check_target(
    document: Document, at: SopsLocation, *, create: bool, category: bool = False
) -> None:
    """Raise `Refused` unless the path exists, or what is new of it may be new.

    With `create` that is its last key, with `category` also the category before it.
    """
    if create and document.leaf(at.path) is None and document.accepts(at.path):
        return
    if category and document.lacks_category(at.path):
        return
    document.require(at.path)


def check_new(document: Document, at: SopsLocation) -> None:
    """Raise `Refused` where a value is there already, or would lie deeper than any other.

    A new secret follows the style of its file; flat is better than deep. A category may be new with
    it, but not one whose name is almost that of another: that is a slip of the pen.
    """
    if document.leaf(at.path) is not None:
        raise Refused(_taken(at), hint="Rotate it instead, or name another path in the catalogue.")
    deepest = max((len(path) for path in document.encrypted()), default=len(at.path))
    if len(at.path) > deepest:
        raise Refused(
            f"{at} would lie {len(at.path)} keys deep, and nothing in the file lies deeper than "
            f"{deepest}",
            hint="Follow the style of the file: a category, and the name of the secret in it.",
        )
    if document.lacks_category(at.path):
        meant = difflib.get_close_matches(
            str(at.path[0]), document.categories(), n=1, cutoff=ALMOST_THE_SAME
        )
        if meant:
            raise Refused(
                f"there is no category {at.path[0]} in {at.file}, and there is {meant[0]}",
                hint="Correct the path in the catalogue, or name a new category less alike.",
            )


def _beside(document: Document, at: SopsLocation) -> str:
    """Say which categories there are, where the value would begin a new one."""
    if not document.lacks_category(at.path):
        return ""
    return f"; {at.path[0]} would be a new category, beside {', '.join(document.categories())}"


def sops_text(sops: Sops, file: Path, at: SopsLocation) -> SecretStr:
    """Return the text at a path that is known to exist."""
    text = read_value(sops, file, at.path)
    if text is None:
        raise Refused(f"{at} holds no value")
    return text


def held_value(sops: Sops, checkout: Checkout, commit: str, at: SopsLocation) -> SecretStr | None:
    """Return the value a commit holds, None if file or path are missing there."""
    if checkout.content(commit, at.file) is None:
        return None
    folder, document = placed(checkout, commit, at)
    text = read_value(sops, folder / at.file, at.path)
    return None if text is None else decoded(document, at.path, text)


def _refuse_taken(
    sops: Sops, checkout: Checkout, commit: str, params: SetParams, call: Call
) -> None:
    """Raise `Refused` where the value has to be new and another one came there meanwhile."""
    held = held_value(sops, checkout, commit, params.at) if params.new else None
    if held is not None and not equal(held, params.value):
        raise Refused(
            _taken(params.at, call.fingerprint(held)),
            hint="Find out who put it there; stop this run, or take theirs away.",
        )


def _taken(at: SopsLocation, shown: str = "a value") -> str:
    return f"{at} holds {shown} already, and has to be new"


def _done(params: SetParams, call: Call, branch: str, commit: str) -> Done[SetOutputs]:
    mark = call.fingerprint(params.value)
    return Done(
        SetOutputs(branch=branch, commit=commit, fingerprint=mark),
        f"{branch} at {commit[:12]} holds {mark} at {params.at}",
    )
