"""Bearer tokens of workers, deployers and people at a command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from adapters.gateway import MACHINES, Role
from engine.errors import Refused
from gateway.store import Store, digest

KIND = "token"
PREFIX = "rbt_"
"""What every token begins with, so that scanners for leaked secrets find it."""
SHOWN = 12
"""Digits of a token's hash that name it where tokens are listed."""


@dataclass(frozen=True)
class Listed:
    """A token as it may be shown."""

    id: str
    subject: str
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    ends: datetime


def new_machine(store: Store, subject: str, role: Role, seconds: int) -> SecretStr:
    """Make a token for a machine and return it, once; raise `Refused` for a role of people."""
    if role not in MACHINES:
        raise Refused(
            f"{role.value} is no role of a machine",
            hint="Name a person with --subject and --group; roles come from groups.",
        )
    return _new(store, {"subject": _name(subject), "role": role.value, "groups": []}, seconds)


def new_person(
    store: Store, subject: str, groups: Iterable[str], seconds: int, *, signed_in: int
) -> SecretStr:
    """Make a token with which a person is known at a command line, and return it, once."""
    told = {"subject": _name(subject), "groups": list(groups), "signed_in": signed_in}
    return _new(store, told, seconds)


def listed(store: Store) -> tuple[Listed, ...]:
    """Return the tokens that are good now."""
    return tuple(
        Listed(
            hashed[:SHOWN],
            held.told["subject"],
            (held.told["role"],) if "role" in held.told else (),
            tuple(held.told["groups"]),
            datetime.fromtimestamp(held.ends, UTC),
        )
        for hashed, held in store.all(KIND).items()
    )


def revoke(store: Store, name: str) -> str:
    """End the token whose id begins like this and return its subject; raise `Refused` for none."""
    found = {hashed: held for hashed, held in store.all(KIND).items() if hashed.startswith(name)}
    if len(found) != 1 or not name:
        raise Refused(
            f"{len(found) if name else 'no'} tokens begin with {name or 'nothing'}",
            hint="`runbook gateway tokens` lists them.",
        )
    [(hashed, held)] = found.items()
    store.forget(KIND, hashed)
    return str(held.told["subject"])


def end(store: Store, token: str) -> None:
    """End this very token."""
    store.forget(KIND, digest(token.removeprefix(PREFIX)))


def _new(store: Store, told: dict[str, object], seconds: int) -> SecretStr:
    return SecretStr(PREFIX + store.new(KIND, told, store.now() + seconds))


def _name(subject: str) -> str:
    name = " ".join(subject.split())
    if not name:
        raise Refused("a token needs the name of whom it is for", hint="Say --subject NAME.")
    return name
