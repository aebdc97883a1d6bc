"""The database of the worlds that have one: a server for each lane, and what it lets in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.plan import Plan
from engine.step import Effect
from sandbox.database import DatabaseServer
from sandbox.postgresql import open_database_server

if TYPE_CHECKING:
    from tests.crash.sight import Eye, Sight

_held: list[ExitStack] = []
_servers: list[DatabaseServer] = []


def keep_server_in(held: ExitStack) -> None:
    """Have the server of this process end with `held`, if one is ever asked for."""
    _held.append(held)
    held.callback(_held.clear)
    held.callback(_servers.clear)


def world_server() -> DatabaseServer:
    """Return the one server of this process; the first to ask starts it."""
    if not _servers:
        _servers.append(_held[0].enter_context(open_database_server()))
    return _servers[0]


def uses_database(eye: Eye) -> bool:
    """Tell whether the secret is of a role in the world's database."""
    return eye.entry.postgres is not None


def is_let_in(eye: Eye, value: str) -> bool:
    """Tell whether the database lets somebody in with this value."""
    database = eye.voyage.world.database
    assert database is not None
    return database.lets_in(eye.entry.sops.path, value)


def may_log_in(eye: Eye) -> int:
    """Count the roles of the secret that may log in at all."""
    database, place = eye.voyage.world.database, eye.entry.postgres
    assert database is not None
    assert place is not None
    states = database.states()
    return sum(states[role][0] for role in place.logins or (place.role,))


def is_in_window(found: Sight, plan: Plan) -> bool:
    """Tell whether a cutover was begun in a run that is not over: pods may hold the old value yet."""
    begun = [s for s in plan.steps if s.effect is Effect.CUTOVER and found.state.step(s.id).touched]
    return bool(begun) and found.state.outcome is None


def markers(eye: Eye, found: Sight) -> set[str]:
    """Return every secret of the case, in clear.

    An answer in the drawer may be public, as a certificate is; where it is a value, people brought
    it, and it is known from there.
    """
    drawn = (text for (_, name), text in found.drawer.items() if name != "answer")
    known = set(secrets_in({eye.old, *eye.voyage.found, *drawn}))
    # the vault's old half of a pair is sealed as what was there before; it names and opens nothing
    return known - {"", *eye.voyage.world.exoscale.identifiers()}


def secrets_in(values: Iterable[str]) -> Iterator[str]:
    """Yield each value, and the password in it where it is a connection URL."""
    for value in values:
        yield value
        password = urlsplit(value).password if "://" in value else None
        if password:
            yield password
