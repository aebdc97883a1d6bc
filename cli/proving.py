"""A challenge that was encrypted to somebody, read with their own key at their own machine."""

from __future__ import annotations

import base64
import binascii
import sys
from pathlib import Path

import pyrage

from engine.errors import Refused
from engine.sealing import MAX_ARMOUR

BEGIN, END = "-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"


def read_word(identity: Path) -> str:
    """Return what stands in the armour on standard input.

    Raises `Refused` for a key file without a key, for what is no armour, and for armour that was
    encrypted to somebody else.
    """
    keys = _keys(identity)
    sealed = _unarmoured(sys.stdin.read(MAX_ARMOUR))
    try:
        return str(pyrage.decrypt(sealed, keys).decode())
    except (pyrage.DecryptError, UnicodeDecodeError):
        pass  # told below, without what the library says of the key
    own = ", ".join(str(key.to_public()) for key in keys)
    raise Refused(
        f"this was not encrypted to the key in {identity}, which is {own}",
        hint="Give the platform's people this public key, or name the other file by --identity.",
    )


def _keys(identity: Path) -> list[pyrage.x25519.Identity]:
    try:
        lines = identity.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Refused(
            f"your key cannot be read from {identity}: {reason}",
            hint="Make one with `age-keygen -o`, or name the file by --identity.",
        ) from None
    found = [line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-1")]
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in found]
    except pyrage.IdentityError:
        keys = []
    if not keys:
        raise Refused(f"there is no age key in {identity}", hint="Name another by --identity.")
    return keys


def _unarmoured(text: str) -> bytes:
    _, begins, rest = text.partition(BEGIN)
    inside, ends, _ = rest.partition(END)
    try:
        sealed = base64.b64decode("".join(inside.split()), validate=True)
    except binascii.Error:
        sealed = b""
    if not (begins and ends and sealed):
        raise Refused(
            "there is no age armour on standard input",
            hint="Paste all of it, from BEGIN to END, then end the input with Ctrl-D.",
        )
    return sealed
