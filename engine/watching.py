"""What the clock says about gates that wait: remind, end, escalate, each once.

A decision and the clock cannot both close a gate. Both write against the opening they are about
(`upon`), and the ledger takes the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from engine.errors import Fenced, Overtaken
from engine.journal import Journal
from engine.ledger import Draft, Entry, Event, timestamp
from engine.runbook import Gate

NEVER = "9999"
"""Later than any moment the ledger spells."""


@dataclass(frozen=True)
class Wait:
    """A gate that waits, and what was said of it since."""

    opening: Entry
    since: tuple[Entry, ...] = ()

    def was(self, event: Event) -> bool:
        """Tell whether this happened since the gate was opened."""
        return any(entry.event is event for entry in self.since)


def times(gate: Gate, opened: datetime) -> dict[str, Any]:
    """Return when a gate opened at this moment expires, and what the clock does about it."""
    expires = opened + gate.expires
    told: dict[str, Any] = {"expires": timestamp(expires)}
    if gate.remind is not None:
        told["remind"] = timestamp(expires - gate.remind)
    if gate.escalate is not None:
        at = timestamp(expires + gate.escalate.after)
        told["escalate"] = {"at": at, "to": list(gate.escalate.to)}
    return told


def watch(journal: Journal, now: datetime) -> tuple[Entry, ...]:
    """Write what is due at this moment about every gate that waits, and return what was written.

    One pass, and no process waits. What somebody else wrote first is left alone. Raises
    `LedgerDown`.
    """
    written = []
    for draft in [draft for wait in waits(journal.waiting()) for draft in due(wait, now)]:
        with suppress(Overtaken, Fenced):
            written.append(journal.append(draft, upon=draft.details["opening"]))
    return tuple(written)


def waits(entries: Iterable[Entry]) -> Iterator[Wait]:
    """Gather the entries of `Journal.waiting` by run."""
    for _, told in groupby(entries, key=lambda entry: entry.run):
        opening, *since = told
        yield Wait(opening, tuple(since))


def due(wait: Wait, now: datetime) -> Iterator[Draft]:
    """Yield what is to be written about one gate, in order."""
    told, at = wait.opening.details, timestamp(now)
    has_expired = wait.was(Event.GATE_EXPIRED)
    escalate: Mapping[str, Any] = told.get("escalate") or {}
    if not has_expired and at > told["expires"]:
        has_expired = True
        why = f"nobody had decided until {told['expires']}"
        yield _draft(wait, Event.GATE_EXPIRED, why=why, escalate=escalate.get("at", ""))
    elif not has_expired and at >= told.get("remind", NEVER) and not wait.was(Event.GATE_REMINDED):
        yield _draft(wait, Event.GATE_REMINDED, expires=told["expires"], to=told["groups"])
    if has_expired and escalate and at >= escalate["at"] and not wait.was(Event.GATE_ESCALATED):
        yield _draft(wait, Event.GATE_ESCALATED, to=list(escalate["to"]))


def _draft(wait: Wait, event: Event, **told: Any) -> Draft:
    opening = wait.opening
    about = {"opening": opening.details["opening"], "kind": opening.details["kind"]}
    return Draft(
        run=opening.run,
        event=event,
        step=opening.step,
        attempt=max(entry.attempt for entry in (opening, *wait.since)),
        plan=opening.plan,
        details={**about, **told},
    )
