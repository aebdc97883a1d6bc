"""Signed notes: the head of the ledger under an Ed25519 signature, to be kept elsewhere.

The format is the signed note of the Go checksum database (C2SP, "signed-note"), so that a note can
be checked by programs that know nothing of us: a text, an empty line, and lines of signatures
`— <name> <base64 of key id and signature>`. The key id is the first four bytes of
SHA-256(name, line feed, 0x01, public key); a public key is spelled `<name>+<id>+<base64>`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import SecretStr

from engine.errors import Refused
from engine.ledger import FORMAT, Entry

ORIGIN = FORMAT.decode().strip()
PRIVATE = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+]{1,80}")
_HEAD = re.compile(rf"{re.escape(ORIGIN)}\n([1-9][0-9]{{0,17}})\n([0-9a-f]{{64}})\n(\S{{27}})\n")


@dataclass(frozen=True)
class SignedHead:
    """What a note says, once its signature was checked."""

    sequence: int
    hash: str
    at: str
    """When that entry was written."""
    signer: str
    """Name of the key."""


def spell_key(name: str, seed: bytes) -> SecretStr:
    """Spell a private key of 32 bytes on one line; raise `Refused` for a name that cannot be."""
    if _NAME.fullmatch(name) is None:
        raise Refused(f"a key cannot be called {name!r}", hint="Use a name without spaces and `+`.")
    told = base64.b64encode(_ED25519 + seed).decode()
    return SecretStr(f"{PRIVATE}{name}+{_key_id(name, _public(seed)).hex()}+{told}")


def public_key(key: SecretStr) -> str:
    """Return the public key that belongs to a private one; raise `Refused` if it is none."""
    name, seed = _opened(key)
    public = _public(seed)
    told = base64.b64encode(_ED25519 + public).decode()
    return f"{name}+{_key_id(name, public).hex()}+{told}"


def sign_head(entry: Entry, key: SecretStr) -> str:
    """Return the signed note that `entry` was the last of the ledger."""
    name, seed = _opened(key)
    text = f"{ORIGIN}\n{entry.sequence}\n{entry.hash}\n{entry.at}\n"
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    signed = base64.b64encode(_key_id(name, _public(seed)) + signature).decode()
    return f"{text}\n{_DASH}{name} {signed}\n"


def read_notes(text: str, keys: Sequence[str]) -> tuple[SignedHead, ...]:
    """Return the heads of all notes in `text`; raise `Refused` unless each is signed by a key."""
    known = dict(map(_verifier, keys))
    before, *parts = text.split(ORIGIN)
    notes = [ORIGIN + part for part in parts]
    if not notes or before.strip():
        raise Refused("this is no file of signed notes", hint="`runbook audit anchor` writes one.")
    return tuple(_read(note, known) for note in notes)


def _read(note: str, known: Mapping[tuple[str, bytes], Ed25519PublicKey]) -> SignedHead:
    text, _, signatures = note.partition("\n\n")
    found = _HEAD.fullmatch(text + "\n")
    if found is None:
        raise Refused("a note does not say what a head of the ledger is")
    for name, key_id, signature in _signatures(signatures):
        key = known.get((name, key_id))
        if key is not None and _is_by(key, signature, text + "\n"):
            return SignedHead(int(found[1]), found[2], found[3], name)
    raise Refused(
        f"the note about entry {found[1]} is not signed by a key that is known here",
        hint="Give the public key with --anchor-key; if it is the right one, the note is forged.",
    )


def _signatures(lines: str) -> Iterator[tuple[str, bytes, bytes]]:
    for line in lines.splitlines():
        name, _, told = line.removeprefix(_DASH).partition(" ")
        raw = _decoded(told)
        if line.startswith(_DASH) and raw is not None and len(raw) == 68:
            yield name, raw[:4], raw[4:]


def _is_by(key: Ed25519PublicKey, signature: bytes, text: str) -> bool:
    try:
        key.verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def _verifier(spelled: str) -> tuple[tuple[str, bytes], Ed25519PublicKey]:
    name, _, rest = spelled.strip().partition("+")
    told, _, encoded = rest.partition("+")
    raw = _decoded(encoded) or b""
    if raw[:1] != _ED25519 or len(raw) != 33 or _key_id(name, raw[1:]).hex() != told:
        raise Refused(
            "a key that notes are checked with is not spelled `<name>+<id>+<base64>`",
            hint="`runbook keygen --anchor` printed it when the key was made.",
        )
    return (name, bytes.fromhex(told)), Ed25519PublicKey.from_public_bytes(raw[1:])


def _opened(key: SecretStr) -> tuple[str, bytes]:
    name, _, rest = key.get_secret_value().strip().removeprefix(PRIVATE).partition("+")
    told, _, encoded = rest.partition("+")
    raw = _decoded(encoded) or b""
    if raw[:1] != _ED25519 or len(raw) != 33 or _key_id(name, _public(raw[1:])).hex() != told:
        raise Refused(
            "the key that notes are signed with is damaged or none",
            hint="Make one with `runbook keygen --anchor`.",
        )
    return name, raw[1:]


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
