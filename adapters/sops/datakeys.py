"""The data key of an encrypted file, and for whom it is wrapped.

`sops updatekeys` wraps the key a file has for other readers and keeps it (sops 3.13.2,
updatekeys.go); whoever unwrapped it once can open every later version. Only `sops rotate` makes a
new one. The wrapped key stands in each recipient's `enc` as age armour.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pyrage

from adapters.sops.document import Document


def readers_of(document: Document) -> tuple[str, ...]:
    """Return the age recipients of an encrypted file, all of its key groups together."""
    return tuple(str(entry["recipient"]) for entry in _entries(document))


def own_recipient(identity_file: Path | None) -> str:
    """Return the engine's own recipient; empty where its identity is of another kind."""
    return next((str(each.to_public()) for each in _identities(identity_file)), "")


def data_key(document: Document, identity_file: Path | None) -> bytes | None:
    """Return the key that the values are under; None where our identity does not open it."""
    identities = [*_identities(identity_file)]
    for entry in _entries(document):
        try:
            return bytes(pyrage.decrypt(_unarmoured(str(entry.get("enc", ""))), identities))
        except (pyrage.DecryptError, ValueError):
            continue  # not wrapped for us, or in a form we do not know
    return None


def _unarmoured(text: str) -> bytes:
    lines = (line.strip() for line in text.strip().splitlines())
    return base64.b64decode("".join(line for line in lines if not line.startswith("-----")))


def _identities(file: Path | None) -> Iterator[pyrage.x25519.Identity]:
    if file is None:
        return
    for line in file.read_text().splitlines():
        if line.startswith("AGE-SECRET-KEY-1"):
            yield pyrage.x25519.Identity.from_str(line.strip())


def _entries(document: Document) -> Iterator[dict[str, object]]:
    metadata = document.tree["sops"]
    groups = metadata.get("key_groups") or []
    for part in (metadata, *groups):
        yield from (e for e in part.get("age") or [] if isinstance(e, dict) and "recipient" in e)
