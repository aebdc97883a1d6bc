"""Changing one value of an encrypted file such that the file is whole at every instant.

`sops set` truncates the file and then writes it (sops 3.13.2, cmd/sops/main.go), so a kill in
between leaves a stump. It therefore works on a copy; a rename puts the checked copy in place.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from adapters.shared.trailers import KeyPath, index_of
from adapters.sops.document import Document, Leaf, parse, verify_only
from adapters.sops.program import Sops
from engine.errors import Refused


def replace_value(
    sops: Sops, file: Path, path: KeyPath, text: SecretStr, kind: str = "str"
) -> None:
    """Set the value at `path` of `file` to `text`, atomically and durably.

    `kind` is the type sops keeps beside the ciphertext (`Leaf.type`). Raises `Refused` and leaves
    the file untouched if the result does not open, holds something else, or more has changed.
    """
    literal = _literal(text, kind)

    def edit(copy: Path) -> None:
        sops.write(copy, path, literal, text)
        if not equal(read_value(sops, copy, path), text):
            raise Refused(
                f"sops gives back another value at {index_of(path)} than it was given",
                hint="Nothing was written. Use a value of printable characters.",
            )

    _edit(file, path, edit)


def remove_value(sops: Sops, file: Path, path: KeyPath) -> None:
    """Remove the value at `path` of `file`, atomically and durably.

    A category that holds nothing else goes with it: it came with the value.
    """
    document = parse(file.read_bytes(), file.name)
    whole = path[:-1] if document.is_alone(path) else path
    _edit(file, path, lambda copy: sops.erase(copy, whole))


def read_value(sops: Sops, file: Path, path: KeyPath) -> SecretStr | None:
    """Return the text of the value at `path` as sops keeps it; None if there is none."""
    leaf = parse(file.read_bytes(), file.name).leaf(path)
    if leaf is None:
        return None
    return _trimmed(leaf, sops.read(file, path))


def encoded(document: Document, path: KeyPath, value: SecretStr) -> SecretStr:
    """Return `value` as it must stand in the file: base64 where Kubernetes will decode it."""
    try:
        raw = value.get_secret_value().encode()
    except UnicodeEncodeError:
        raw = b""  # raised below, since the error holds the value
    if not raw:
        raise Refused("the value is empty or holds characters that UTF-8 cannot carry")
    return SecretStr(base64.b64encode(raw).decode()) if document.is_base64(path) else value


def decoded(document: Document, path: KeyPath, text: SecretStr) -> SecretStr:
    """Return the value that `text` stands for; the reverse of `encoded`."""
    if not document.is_base64(path):
        return text
    try:
        raw = base64.b64decode(text.get_secret_value(), validate=False)
        return SecretStr(raw.decode())
    except ValueError:
        pass  # raised below, since the error may hold the value
    raise Refused(f"the value at {index_of(path)} of {document.file} is not text in base64")


def equal(one: SecretStr | None, other: SecretStr | None) -> bool:
    """Compare without telling by the time it takes."""
    if one is None or other is None:
        return one is other
    return hmac.compare_digest(one.get_secret_value().encode(), other.get_secret_value().encode())


def _edit(file: Path, path: KeyPath, edit: Callable[[Path], None]) -> None:
    before = file.read_bytes()
    with _copy(file, before) as copy:
        edit(copy)
        verify_only(parse(before, file.name), parse(copy.read_bytes(), file.name), path)
        _sync(copy)
        copy.replace(file)
        _sync(file.parent)


@contextmanager
def _copy(file: Path, content: bytes) -> Iterator[Path]:
    # the same directory for the rename, the same ending for the format
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".runbook-", suffix=f"-{file.name}")
    copy = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _literal(text: SecretStr, kind: str) -> SecretStr:
    value = text.get_secret_value()
    return SecretStr(json.dumps(value) if kind == "str" else value)


def _trimmed(leaf: Leaf, printed: SecretStr) -> SecretStr:
    """Drop the line end that sops adds to whatever is not a string."""
    is_string = leaf.type == "str" or (leaf.type is None and isinstance(leaf.raw, str))
    return printed if is_string else SecretStr(printed.get_secret_value().rstrip("\n"))
