"""Somebody who asks: a person or a machine, with what they may do and until when that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adapters.gateway import MACHINES, Role


class Unknown(Exception):
    """It is not known who asks; the text may be shown to anybody."""


class Forbidden(Exception):
    """Who asks may not do that; the text says why, to them."""


@dataclass(frozen=True)
class Identity:
    """Somebody who asks."""

    subject: str
    way: str
    """How they were verified: `oidc`, `proxy` or `token`; the ledger keeps it."""
    groups: tuple[str, ...] = ()
    roles: frozenset[Role] = frozenset()
    signed_in: int = 0
    """When they last proved who they are, in seconds of the epoch; 0 where that is not known."""
    ends: int = 0
    """When this is no longer believed; 0 where each request proves it anew."""
    is_ambient: bool = False
    """Whether the browser adds the proof by itself, so that another site could use it."""

    @property
    def is_machine(self) -> bool:
        """Tell a worker or a deployer from a person."""
        return bool(self.roles & MACHINES)


def roles_of(groups: Iterable[str], table: Mapping[Role, Iterable[str]]) -> frozenset[Role]:
    """Return the roles that somebody in these groups has."""
    theirs = set(groups)
    return frozenset(role for role, names in table.items() if theirs & set(names))
