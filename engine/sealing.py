"""Sealed values: a secret encrypted with age for this engine, as text that may be stored.

A person seals with `runbook seal`; the engine seals what a step mints before any other effect.
The format is age v1 armour (age-encryption.org/v1). Web forms fold lines, so armour whose line
breaks were lost or became spaces is read as well.
"""

from __future__ import annotations

import base64
import binascii
import re
import textwrap

import pyrage
from pydantic import SecretStr

from engine.errors import Refused

BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
END = "-----END AGE ENCRYPTED FILE-----"
MAX_ARMOUR = 64 * 1024
_AGE = "YWdlLWVuY3J5cHRpb24ub3JnL3Yx"
"""What every age v1 file begins with (`age-encryption.org/v1`), in base64."""
_BODY = f"{BEGIN}\\s*({_AGE}[A-Za-z0-9+/=\\s]*){END}"
ARMOUR_PATTERN = f"^\\s*($|{_BODY}\\s*$)"
"""A sealed value, or none. Whoever stores an answer checks it against this before: then a clear
value that is pasted by mistake, alone or in, above or below armour, is stored nowhere."""
_ARMOUR = re.compile(f"^\\s*{_BODY}\\s*$")


class Seal:
    """The engine's key pair: seals for the engine, and opens what was sealed for it."""

    def __init__(self, identity: SecretStr) -> None:
        """Take an age secret key (`AGE-SECRET-KEY-1…`); raise `Refused` if it is none."""
        try:
            self._identity = pyrage.x25519.Identity.from_str(identity.get_secret_value())
        except pyrage.IdentityError:
            broken = True
        else:
            broken = False
        if broken:
            raise Refused(
                "the engine's age key is not an age secret key",
                hint="Make one with `age-keygen` or `runbook keygen`.",
            )

    @property
    def recipient(self) -> str:
        """The public key, `age1…`."""
        return str(self._identity.to_public())

    def close(self, value: SecretStr) -> str:
        """Return `value` as armour that only this engine can open."""
        return seal_for(self.recipient, value)

    def open(self, armour: str) -> SecretStr:
        """Return what was sealed; raise `Refused` if it was not sealed for this engine."""
        data = _unarmour(armour)
        try:
            return SecretStr(pyrage.decrypt(data, [self._identity]).decode())
        except (pyrage.DecryptError, UnicodeDecodeError):
            pass
        raise Refused(
            "the sealed value was not sealed for this engine, or is damaged",
            hint="Seal it again with `runbook seal` and paste all of it.",
        )


def seal_for(recipient: str, value: SecretStr) -> str:
    """Return `value` as armour for the engine with this public key; raise `Refused` for a bad one."""
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise Refused(f"not an age public key: {recipient[:80]}") from None
    data = base64.b64encode(pyrage.encrypt(value.get_secret_value().encode(), [key])).decode()
    return "\n".join([BEGIN, *textwrap.wrap(data, 64), END, ""])


def require_sealed(armour: str) -> None:
    """Raise `Refused` for text that is neither empty nor a sealed value, without quoting it."""
    if not re.search(ARMOUR_PATTERN, armour):
        raise _not_sealed()


def _unarmour(armour: str) -> bytes:
    match = _ARMOUR.match(armour) if len(armour) <= MAX_ARMOUR else None
    try:
        if match:
            return base64.b64decode("".join(match.group(1).split()), validate=True)
    except binascii.Error:
        pass
    raise _not_sealed()


def _not_sealed() -> Refused:
    return Refused(
        "this is not a sealed value",
        hint=f"Paste all that `runbook seal` printed, from `{BEGIN}` on. If a clear value "
        "was pasted instead, treat it as leaked.",
    )
