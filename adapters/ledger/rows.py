"""An entry as a row, and a row as an entry."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from engine.errors import ChainBroken
from engine.ledger import Actor, Entry, Event, canonical


def row_of(entry: Entry) -> dict[str, Any]:
    """Return the column values of `entry`."""
    actor = canonical(vars(entry.actor)).decode()
    details = canonical(entry.details).decode()
    return {**vars(entry), "event": entry.event.value, "actor": actor, "details": details}


def entry_of(row: Row[Any]) -> Entry:
    """Return the entry in `row`; raise `ChainBroken` if no entry was ever stored like that."""
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to the names
    entry = _read(columns)
    if entry is None:
        raise ChainBroken(
            f"entry {columns['sequence']} was changed: its row is not as the ledger writes it",
            hint="Compare the ledger with a backup or an export.",
        )
    return entry


def _read(columns: dict[str, Any]) -> Entry | None:
    try:
        actor = _actor_of(columns["actor"])
        details = json.loads(columns["details"])
        # JSON can say one thing in many ways, and a name given twice reads differently elsewhere.
        if canonical(details).decode() != columns["details"]:
            return None
        event = Event(columns["event"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Entry(**{**columns, "actor": actor, "details": details, "event": event})


@lru_cache(maxsize=1024)
def _actor_of(text: str) -> Actor:
    fields = json.loads(text)
    actor = Actor(**{**fields, "groups": tuple(fields["groups"])})
    if canonical(vars(actor)).decode() != text:
        raise ValueError("an actor is stored in its canonical spelling only")
    return actor
