"""Who is in and who is out: whose account lets them in where, and whose key opens the SOPS file.

Told by name; and what the newcomer does on their own machine, which no one else can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyrage
from pydantic import BaseModel, ConfigDict

from sandbox.keys import NEWCOMER, OWNERS
from sandbox.layout import SOPS_FILE
from sandbox.staff import GROUPS, LEAVER
from sandbox.vaultwarden.seed import LEAVER_EMAIL

if TYPE_CHECKING:
    from sandbox.layout import Layout
    from sandbox.world import World


class Sealed(BaseModel):
    """A word that was encrypted to the newcomer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    armour: str


def describe_circle(world: World) -> dict[str, Any]:
    """Return by name in which system each person's account is open, and who reads the SOPS file."""
    accounts = {
        name: {"authentik": world.authentik.is_active(name), "forgejo": world.forgejo.accepts(name)}
        for name in GROUPS
    }
    accounts[LEAVER]["vaultwarden"] = LEAVER_EMAIL not in world.vaultwarden.disabled()
    text = (world.remote.file(SOPS_FILE) or b"").decode()
    keys = recipients(world.layout)
    return {"accounts": accounts, "readers": [name for name, key in keys.items() if key in text]}


def recipients(layout: Layout) -> dict[str, str]:
    """Return the public key of everybody who holds an age identity."""
    owners = (*OWNERS, NEWCOMER)
    return {owner: str(_identity(layout, owner).to_public()) for owner in owners}


def read_word(world: World, sealed: Sealed) -> str:
    """Return the word; raise `ValueError` if the newcomer's key does not open it."""
    try:
        key = _identity(world.layout, NEWCOMER)
        return bytes(pyrage.decrypt(sealed.armour.encode(), [key])).decode()
    except (pyrage.DecryptError, UnicodeDecodeError) as problem:
        message = "the newcomer's key does not open it"
        raise ValueError(message) from problem


def _identity(layout: Layout, owner: str) -> pyrage.x25519.Identity:
    lines = layout.age_key(owner).read_text().splitlines()
    return pyrage.x25519.Identity.from_str(next(x for x in lines if x.startswith("AGE-SECRET")))
