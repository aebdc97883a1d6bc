"""The people of the platform, with groups and a password each; only hashes are kept in memory."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from sandbox.keys import write_readonly

if TYPE_CHECKING:
    from sandbox.layout import Layout

GROUPS: Mapping[str, tuple[str, ...]] = {
    "olga": ("plana-staff",),
    "otto": ("plana-staff",),
    "petra": ("plana-staff",),
    "anna": ("plana-admins",),
    "ada": ("plana-admins",),
    "vera": ("plana-guests",),
    "uma": ("plana-auditors",),
    "nina": (),
}
"""Whom the provider knows: staff, admins, one who may look, one who audits, one who is nobody."""
LEAVER = "nina"
"""Who has an account everywhere, and is the one to be offboarded."""
_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Little work: the passwords are drawn, and each world has new ones."""


@dataclass(frozen=True)
class Staff:
    """Who may sign in."""

    hashes: Mapping[str, str]

    def is_right(self, name: str, password: str) -> bool:
        """Tell whether this is the person's password."""
        try:
            return _HASHER.verify(self.hashes.get(name, _NOBODY), password)
        except VerificationError:
            return False


_NOBODY = _HASHER.hash(secrets.token_urlsafe())
"""Compared with for a name nobody has, so that both take as long."""


def hire(layout: Layout) -> Staff:
    """Draw a password for each person, and write each into a file of its own."""
    passwords = {name: secrets.token_urlsafe(9) for name in GROUPS}
    for name, password in passwords.items():
        write_readonly(layout.password(name), password)
    return Staff({name: _HASHER.hash(password) for name, password in passwords.items()})
