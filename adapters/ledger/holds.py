"""Who holds what: one live run for each resource.

Called only by the one writer there is, so looking first and taking then is no race.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, Row, delete, insert, select

from adapters.ledger.tables import ENTRIES, HOLDS
from engine.errors import Locked
from engine.journal import resource_of
from engine.ledger import Event


def take(connection: Connection, run: str, resources: Sequence[str], since: str) -> None:
    """Take the resources for the run; raise `Locked` if another has one of them."""
    wanted = sorted(set(resources))
    held = connection.execute(
        select(HOLDS).where(HOLDS.c.resource.in_(wanted)).order_by(HOLDS.c.resource)
    ).all()
    for hold in held:
        if hold.run != run:
            raise _locked(connection, hold)
    free = set(wanted) - {hold.resource for hold in held}
    if free:
        connection.execute(
            insert(HOLDS),
            [{"resource": name, "run": run, "since": since} for name in sorted(free)],
        )


def release(connection: Connection, run: str) -> None:
    """Give back all the run holds."""
    connection.execute(delete(HOLDS).where(HOLDS.c.run == run))


def read(connection: Connection) -> dict[str, str]:
    """Return resource to run."""
    rows = connection.execute(select(HOLDS.c.resource, HOLDS.c.run).order_by(HOLDS.c.resource))
    return {row.resource: row.run for row in rows}


def _locked(connection: Connection, hold: Row[tuple[str, str, str]]) -> Locked:
    started = connection.execute(
        select(ENTRIES.c.actor, ENTRIES.c.details)
        .where(ENTRIES.c.run == hold.run, ENTRIES.c.event == Event.RUN_STARTED.value)
        .order_by(ENTRIES.c.sequence)
        .limit(1)
    ).one_or_none()
    who = ""
    if started is not None:
        details = json.loads(started.details)
        runbook, secret = details.get("runbook", "a runbook"), details.get("secret", "")
        of = f" of {secret}" if secret and hold.resource != resource_of(secret) else ""
        who = f" ({runbook}{of}, started by {json.loads(started.actor)['subject']})"
    return Locked(
        f"{hold.resource} is held by run {hold.run}{who} since {hold.since}",
        hint="Wait until that run has ended, or end it, then start this one again.",
    )
