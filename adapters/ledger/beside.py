"""What stands beside the chain, held against it: openings, holds and the drawer.

Nothing rests on these tables but what the chain says too, so whoever changes one is found. The
leases are left out: they end by themselves, and the chain does not speak of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, literal, or_, select, union_all

from adapters.ledger import drawer, openings
from adapters.ledger.tables import ENTRIES, HOLDS, OPENINGS, SEALED
from engine.journal import resources_of
from engine.ledger import Event, parsed

_NONE = literal("")
_RUNS = (Event.RUN_STARTED, Event.RUN_ENDED)
_EVENTS = [event.value for event in (*openings.FOLLOWED, *_RUNS)]
# One statement, so that both sides are of one moment on PostgreSQL too.
_BOTH = union_all(
    select(
        literal("entry").label("kind"),
        ENTRIES.c.sequence.label("sequence"),
        ENTRIES.c.run.label("run"),
        ENTRIES.c.step.label("step"),
        ENTRIES.c.event.label("name"),
        ENTRIES.c.details.label("told"),
    ).where(or_(ENTRIES.c.event.in_(_EVENTS), ENTRIES.c.details.like(drawer.MARK))),
    select(literal("opening"), OPENINGS.c.opened, OPENINGS.c.run, _NONE, _NONE, _NONE),
    select(literal("hold"), literal(0), HOLDS.c.run, _NONE, HOLDS.c.resource, _NONE),
    select(
        literal("value"), literal(0), SEALED.c.run, SEALED.c.step, SEALED.c.name, SEALED.c.armour
    ),
).order_by("sequence")


@dataclass
class _Side:
    """The rows of the tables, or what they should be as the chain has it."""

    openings: dict[str, int] = field(default_factory=dict)
    """Run to the entry that opened its gate."""
    holds: dict[str, str] = field(default_factory=dict)
    """Resource to run."""
    values: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Run, step and name to the digest of the armour."""
    live: set[str] = field(default_factory=set)
    """Runs that have started and not ended; known to the chain alone."""


def disagreements(connection: Connection) -> Iterator[str]:
    """Say in words, one by one, where the tables are not as the chain has it."""
    found, chain = _Side(), _Side()
    for row in connection.execute(_BOTH).mappings():
        match row["kind"]:
            case "entry":
                _follow(chain, row)
            case "opening":
                found.openings[row["run"]] = row["sequence"]
            case "hold":
                found.holds[row["name"]] = row["run"]
            case _:
                place = (row["run"], row["step"], row["name"])
                found.values[place] = drawer.digest(row["told"])
    yield from _of_openings(found, chain)
    yield from _of_holds(found, chain)
    yield from _of_values(found, chain)


def _follow(chain: _Side, row: RowMapping) -> None:
    """Do to the chain's side what writing this entry did to the tables."""
    run, event, details = row["run"], row["name"], parsed(row["told"])
    if event == Event.RUN_STARTED:
        chain.live.add(run)
        names = ("secret", "about", "identifier", "beside")
        held = (str(details.get(name, "")) for name in names)
        chain.holds |= dict.fromkeys(resources_of(*held), run)
    for name, digest in drawer.digests_in(details).items():
        chain.values[run, row["step"], name] = digest
    if openings.closes(event, details):
        chain.openings.pop(run, None)
    if event == Event.GATE_OPENED:
        chain.openings[run] = row["sequence"]
    if event == Event.RUN_ENDED:
        chain.live.discard(run)
        chain.holds = {name: it for name, it in chain.holds.items() if it != run}
        chain.values = {place: it for place, it in chain.values.items() if place[0] != run}


def _of_openings(found: _Side, chain: _Side) -> Iterator[str]:
    for run in sorted({*found.openings, *chain.openings}):
        here, there = found.openings.get(run), chain.openings.get(run)
        if here != there:
            yield (
                f"the openings have {_gate(here)} for run {run}, and the chain has {_gate(there)}"
            )


def _gate(opened: int | None) -> str:
    return f"the gate of entry {opened}" if opened is not None else "no gate"


def _of_holds(found: _Side, chain: _Side) -> Iterator[str]:
    for name in sorted({*found.holds, *chain.holds}):
        here, there = found.holds.get(name), chain.holds.get(name)
        if here is not None and here not in chain.live:
            yield f"{name} is held by run {here}, which the chain does not have as a live one"
        elif there is not None and here != there:
            yield f"{name} is held by {_run(here)}, and run {there} works on it as the chain has it"


def _run(run: str | None) -> str:
    return f"run {run}" if run is not None else "nobody"


def _of_values(found: _Side, chain: _Side) -> Iterator[str]:
    for place in sorted({*found.values, *chain.values}):
        if found.values.get(place) != chain.values.get(place):
            run, step, name = place
            yield f"the value {name} of step {step or 'none'} in the drawer of run {run} {_state(place, found, chain)}"


def _state(place: tuple[str, str, str], found: _Side, chain: _Side) -> str:
    if place not in found.values:
        return "is gone"
    return "is another one" if place in chain.values else "was put there by no entry"
