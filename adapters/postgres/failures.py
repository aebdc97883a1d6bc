"""What PostgreSQL says no with, in words a person on call can act on.

Codes: PostgreSQL, appendix "PostgreSQL Error Codes". Of an error only its first sentence is told:
the detail, and the lines around a mistake, may quote a statement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg

from engine.errors import OutcomeUnknown, Refused, RunbookError, Transient

READ_ONLY = "25006"
_BUSY = {"57014": "the statement took too long", "55P03": "a lock was not free in time"}
_AWAY = ("08", "57P", "53")
"""Classes that pass by: connection, shutdown and start, too many connections or too little room."""
_NO_RIGHT, _NO_ROLE, _INTERNAL = "42501", "42704", "XX000"
_RACE = "concurrently updated"
"""In the message of a change that lost a race (heapam.c); it has no code and no translation."""

T = TypeVar("T")


def translated(what: str, act: Callable[[], T], *, writing: bool = False) -> T:
    """Return what `act` gives; a psycopg error leaves as ours, and without the original attached.

    A connection that is lost while `writing` leaves open whether the change was made.
    """
    failed: RunbookError
    try:
        return act()
    except psycopg.Error as error:
        failed = _told(error, what, writing=writing)
    raise failed


def is_passing(sqlstate: str) -> bool:
    """Tell whether the same question may be answered later."""
    return sqlstate.startswith(_AWAY)


def judged(what: str, user: str, sqlstate: str, reason: str) -> RunbookError:
    """Return the error for a sign-in that was turned down."""
    told = f"{what} does not let {user} in, {sqlstate}: {reason}"
    if is_passing(sqlstate):
        return Transient(told)
    return Refused(told, hint="Look at the role, its password file, and pg_hba.conf.")


def read_only(what: str) -> Transient:
    """Return the error for a server that takes no change now."""
    return Transient(
        f"{what} takes no change now: it is a standby, or a failover is going on",
        hint="Let postgres.host lead to the primary, then try again.",
    )


def _told(error: psycopg.Error, what: str, *, writing: bool) -> RunbookError:
    code, said = error.sqlstate or "", error.diag.message_primary or ""
    if code == READ_ONLY:
        return read_only(what)
    if code in _BUSY:
        return Transient(
            f"{what}: {_BUSY[code]}, and nothing was changed",
            hint="Look in pg_stat_activity who holds it.",
        )
    if code == _NO_RIGHT:
        return Refused(
            f"{what} does not let the engine's role do that: {said}",
            hint="Run adapters/postgres/setup.sql there for this role.",
        )
    if code == _NO_ROLE:
        return Refused(f"{what}: {said}", hint="Correct the roles in the catalogue.")
    if code == _INTERNAL and _RACE in said:
        return Transient(f"{what}: another transaction changed the same role, and nothing was done")
    if code and not is_passing(code):
        return Refused(f"{what} refuses with {code}: {said}")
    if writing:
        return OutcomeUnknown(f"{what} went away while a change was made {code}".strip())
    return Transient(f"{what} did not answer {code}".strip())
