"""Leases: one run at a time may act on a resource, for a while, under a number that only rises.

Called only by the one writer there is. A lease that has run out may be taken by another run; the
number it gets is higher, so that whoever held it before is told apart and fenced.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select, update

from adapters.ledger.tables import LEASES
from engine.errors import Fenced

NOBODY = ""


def take(connection: Connection, run: str, resource: str, now: str, until: str) -> int | None:
    """Take or prolong the lease and return its number; None while another run has it."""
    held = connection.execute(select(LEASES).where(LEASES.c.resource == resource)).one_or_none()
    if held is None:
        values = {"resource": resource, "run": run, "number": 1, "until": until}
        connection.execute(insert(LEASES).values(values))
        return 1
    if held.run not in (NOBODY, run) and held.until > now:
        return None
    number = int(held.number) + 1
    connection.execute(
        update(LEASES)
        .where(LEASES.c.resource == resource)
        .values(run=run, number=number, until=until)
    )
    return number


def give_back(connection: Connection, run: str, resource: str, number: int) -> None:
    """Free the resource, if this very lease still has it."""
    connection.execute(
        update(LEASES)
        .where(LEASES.c.resource == resource, LEASES.c.run == run, LEASES.c.number == number)
        .values(run=NOBODY)
    )


def holder(connection: Connection, resource: str) -> tuple[str, str]:
    """Return which run has the lease and until when; empty texts for none."""
    held = connection.execute(select(LEASES).where(LEASES.c.resource == resource)).one_or_none()
    return (str(held.run), str(held.until)) if held is not None else (NOBODY, "")


def refuse_lost(connection: Connection, run: str, under: Mapping[str, int]) -> None:
    """Raise `Fenced` unless the run still has each of these leases under its number."""
    for resource, number in under.items():
        held = connection.execute(
            select(LEASES.c.run, LEASES.c.number).where(LEASES.c.resource == resource)
        ).one_or_none()
        if held is None or (held.run, held.number) != (run, number):
            raise Fenced(
                f"run {run} no longer has {resource} to itself",
                hint="It took longer than its lease; resume the run, and it will look again.",
            )
