"""Which encrypted files of main somebody could open, by their readers or by a data key that was kept.

`sops updatekeys` takes a reader out and keeps the data key, and a file may get another name. So no
path tells whether a file is under a key that somebody had: the keys of all versions that they could
read are held against those of all files. A version is opened only where its key was wrapped anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from adapters.shared.checkout import CONFIGURATION, Checkout
from adapters.shared.searching import contents_of, files_naming, turns_of, versions_of
from adapters.sops.datakeys import data_key, readers_of
from adapters.sops.document import Document, parse
from adapters.sops.location import SUFFIXES
from engine.errors import Refused

MARK = "ENC[AES256_GCM,"
"""What every file that sops encrypts holds; a page or a script may quote one."""

ARMOUR = re.compile(
    rb"-----BEGIN AGE ENCRYPTED FILE-----.+?-----END AGE ENCRYPTED FILE-----", re.DOTALL
)
"""A data key, wrapped for one reader."""

_METADATA = re.compile(rb"lastmodified|^sops_\w+=|-----BEGIN AGE ENCRYPTED FILE-----", re.MULTILINE)
"""What it holds beside, in every form."""

_CIPHERTEXT = re.compile(rb"ENC\[AES256_GCM,[^\]]+\]")


class Past:
    """What those who leave could ever read, and the data keys that they may have kept from it."""

    def __init__(
        self, checkout: Checkout, recipients: Sequence[str], identity: Path | None
    ) -> None:
        """Read the history of every file that ever named them; refuse a recipient that none did."""
        self._theirs, self._identity = frozenset(recipients), identity
        self._keys: set[bytes] = set()
        self._ciphertexts: set[object] = set()
        files: dict[str, None] = {}
        for recipient in recipients:
            turns = turns_of(checkout, recipient)
            if not turns:  # a wrong letter would be taken for somebody who is out already
                raise Refused(
                    f"nobody was ever a reader as {recipient}",
                    hint=f"Check whose recipient was typed; {CONFIGURATION} and its history name all.",
                )
            files |= dict.fromkeys(turns)
        for file in files:
            self._take_in(file, (raw for _, raw in versions_of(checkout, file)))

    def has(self, file: str, raw: bytes) -> bool:
        """Tell whether an encrypted file of main names them, or is under a data key that they had.

        Raises `Refused` for one that does, in a form that is not handled.
        """
        document = in_form(raw, file)
        is_named = self._is_named(document, raw)
        if not is_named and not self._is_known(document or _roughly(raw, file)):
            return False
        if document is None:
            raise unhandled(file, is_named=is_named)
        return True

    def _take_in(self, file: str, versions: Iterable[bytes]) -> None:
        seen: set[tuple[bytes, ...]] = set()
        for raw in versions:
            wrapped = tuple(ARMOUR.findall(raw))
            if not wrapped or wrapped in seen:
                continue  # a new data key is wrapped anew, and so is one for other readers
            seen.add(wrapped)
            document = in_form(raw, file)
            if self._is_named(document, raw):
                document = document or _roughly(raw, file)
                self._keys.update(filter(None, [data_key(document, self._identity)]))
                self._ciphertexts.update(_ciphertexts(document))

    def _is_named(self, document: Document | None, raw: bytes) -> bool:
        if document is None:
            return any(each.encode() in raw for each in self._theirs)
        return not self._theirs.isdisjoint(readers_of(document))

    def _is_known(self, document: Document) -> bool:
        if data_key(document, self._identity) in self._keys:
            return True
        # where our identity does not open one of them: no ciphertext comes under two keys
        return not self._ciphertexts.isdisjoint(_ciphertexts(document))


def _ciphertexts(document: Document) -> frozenset[object]:
    return frozenset(leaf.raw for leaf in document.encrypted().values())


def encrypted(checkout: Checkout) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of main that sops has encrypted."""
    files = files_naming(checkout, checkout.main, MARK)
    contents = contents_of(checkout.git, [(checkout.main, file) for file in files])
    for file, raw in zip(files, contents, strict=True):
        if raw and is_encrypted(raw, file):
            yield file, raw


def is_encrypted(raw: bytes, file: str) -> bool:
    """Tell whether sops has encrypted a file."""
    if PurePosixPath(file).name == CONFIGURATION:
        return False
    return MARK.encode() in raw and _METADATA.search(raw) is not None


def in_form(raw: bytes, file: str) -> Document | None:
    """Return an encrypted file; None where it is in a form that is not handled."""
    if not file.endswith(SUFFIXES):
        return None
    try:
        return parse(raw, file)
    except Refused:
        return None


def _roughly(raw: bytes, file: str) -> Document:
    """Return what can be told of a file in any other form: its wrapped keys and its ciphertexts."""
    armours = (each.decode(errors="replace") for each in ARMOUR.findall(raw))
    age = [{"recipient": "", "enc": each.replace("\\n", "\n")} for each in armours]
    values = (each.decode(errors="replace") for each in _CIPHERTEXT.findall(raw))
    return Document(file, {**dict(enumerate(values)), "sops": {"age": age}})


def unhandled(file: str, *, is_named: bool = True) -> Refused:
    """Return the refusal of a file in a form that is not handled, with what to do by hand."""
    told, first = "encrypted", "Change its readers by hand: sops updatekeys, then sops rotate."
    if not is_named:
        told = "under a data key that the one who leaves had, and"
        first = "Give it a new data key by hand: sops rotate."
    return Refused(
        f"{file} is {told} in a form that is not handled here",
        hint=f"Only {', '.join(SUFFIXES)} are, with one document. {first}",
    )
