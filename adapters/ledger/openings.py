"""Which gates wait: found without reading the chain, and closed by one entry alone.

The table is an index and nothing rests on it: whether a gate is still open is asked of the chain,
by the only writer there is, so that a decision and the clock cannot both close it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select

from adapters.ledger.tables import ENTRIES, OPENINGS
from engine.errors import Overtaken
from engine.ledger import Draft, Entry, Event

_CLOSES = frozenset({
    Event.GATE_APPROVED, Event.GATE_REJECTED, Event.GATE_SKIPPED, Event.GATE_REFUSED,
    Event.GATE_NOTED, Event.GATE_EXPIRED, Event.GLASS_BROKEN, Event.FAILURE_DECIDED, Event.PLAN_CHANGED,
    Event.RUN_ENDED,
})  # fmt: skip
FOLLOWED = _CLOSES | {Event.GATE_OPENED, Event.GATE_ESCALATED}
"""Events that the table follows."""
_SAID_ONCE = frozenset({Event.GATE_REMINDED, Event.GATE_ESCALATED})


def follow(connection: Connection, entry: Entry) -> None:
    """Keep the table in step with an entry that was just written."""
    if closes(entry.event, entry.details):
        connection.execute(delete(OPENINGS).where(OPENINGS.c.run == entry.run))
    if entry.event is Event.GATE_OPENED:
        connection.execute(insert(OPENINGS).values(run=entry.run, opened=entry.sequence))


def closes(event: str, details: Mapping[str, Any]) -> bool:
    """Tell whether a gate that waited waits no more after this: an escalation may be due first."""
    return event in FOLLOWED and not (event == Event.GATE_EXPIRED and details.get("escalate"))


def waiting() -> Select[tuple[object, ...]]:
    """Return the query for each opening that waits, with what the run wrote since."""
    since = (ENTRIES.c.run == OPENINGS.c.run) & (ENTRIES.c.sequence >= OPENINGS.c.opened)
    return select(ENTRIES).join(OPENINGS, since).order_by(OPENINGS.c.opened, ENTRIES.c.sequence)


def refuse_used(connection: Connection, draft: Draft) -> None:
    """Raise `Overtaken` if `draft` relies on an approval from before that was used already."""
    if draft.event is not Event.GATE_PREAPPROVED:
        return
    rows = connection.execute(
        select(ENTRIES.c.run, ENTRIES.c.details).where(ENTRIES.c.event == draft.event.value)
    )
    for row in rows:
        if json.loads(row.details)["preapproval"] == draft.details["preapproval"]:
            raise Overtaken(
                f"the approval of entry {draft.details['preapproval']} was used by run {row.run}",
                hint="An approval beforehand is for one run.",
            )


def refuse_overtaken(connection: Connection, draft: Draft, opening: int) -> None:
    """Raise `Overtaken` unless `draft` may still follow this opening of its run's gate.

    An escalation follows an expiry, all else an open gate; a reminder and an escalation are given
    once.
    """
    events = [event.value for event in _CLOSES | _SAID_ONCE | {Event.GATE_OPENED}]
    rows = connection.execute(
        select(ENTRIES.c.event, ENTRIES.c.details)
        .where(ENTRIES.c.run == draft.run, ENTRIES.c.event.in_(events))
        .order_by(ENTRIES.c.sequence.desc())
    )
    wanted = Event.GATE_EXPIRED if draft.event is Event.GATE_ESCALATED else Event.GATE_OPENED
    for row in rows:
        if row.event in _SAID_ONCE and row.event != draft.event:
            continue
        if row.event == wanted and json.loads(row.details).get("opening") == opening:
            return
        break
    else:
        raise Overtaken(f"run {draft.run} has no gate {opening}")
    raise Overtaken(
        f"gate {opening} of run {draft.run} takes no {draft.event} any more: {row.event} came first",
        hint="See `runbook status`.",
    )
