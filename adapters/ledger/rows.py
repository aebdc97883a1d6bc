"""An entry as a row, and a row as an entry, or as a link of the chain where that is enough."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from engine.errors import ChainBroken
from engine.ledger import Actor, Entry, Event, Link, canonical, parsed, quoted
from engine.lines import is_actor


def row_of(entry: Entry) -> dict[str, Any]:
    """Return the column values of `entry`."""
    actor = canonical(vars(entry.actor)).decode()
    details = canonical(entry.details).decode()
    return {**vars(entry), "event": entry.event.value, "actor": actor, "details": details}


def entry_of(row: Row[Any]) -> Entry:
    """Return the entry in `row`; raise `ChainBroken` if no entry was ever stored like that."""
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to the names
    try:
        actor, details = _actor_of(columns["actor"]), _details_of(columns["details"])
        event = Event(columns["event"])
    except (ValueError, TypeError, RecursionError):
        pass
    else:
        return Entry(**{**columns, "actor": actor, "details": details, "event": event})
    raise _changed(columns["sequence"])


def link_of(row: Row[Any]) -> Link:
    """Return what the chain needs of a whole row; raise `ChainBroken` as `entry_of` does.

    What its event is called does not matter to the chain, so that one from a later version passes.
    """
    try:
        text = _text_of(*row)
    except (ValueError, TypeError, RecursionError):
        pass
    else:
        return Link(row[0], row[9], row[10], text)
    raise _changed(row[0])


def _text_of(  # noqa: PLR0917 - the columns in the order of the table
    sequence: int,
    at: str,
    run: str,
    step: str,
    attempt: int,
    event: str,
    actor: str,
    plan: str,
    details: str,
    previous: str,
    _hash: str,
) -> str:
    """Put the canonical spelling together from the columns, of which two hold JSON already."""
    if type(sequence) is not int or type(attempt) is not int:
        raise TypeError("a sequence and an attempt are integers")
    _actor_of(actor)
    _details_of(details)
    return (
        f'{{"actor":{actor},"at":{quoted(at)},"attempt":{attempt},"details":{details},'
        f'"event":{quoted(event)},"plan":{quoted(plan)},"previous":{quoted(previous)},'
        f'"run":{quoted(run)},"sequence":{sequence},"step":{quoted(step)}}}'
    )


@lru_cache(maxsize=1024)
def _actor_of(text: str) -> Actor:
    fields = parsed(text)
    if not is_actor(fields):
        raise ValueError("this is no actor")
    return Actor(**{**fields, "groups": tuple(fields["groups"])})


def _details_of(text: str) -> dict[str, Any]:
    details = parsed(text)
    if not isinstance(details, dict):
        raise TypeError("details are an object")
    return details


def _changed(sequence: object) -> ChainBroken:
    return ChainBroken(
        f"entry {sequence} was changed: its row is not as the ledger writes it",
        hint="Compare the ledger with a backup or an export.",
    )
