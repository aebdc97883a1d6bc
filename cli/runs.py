"""Runs as the ledger has them: found by the beginning of their id, with plan and state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from adapters.platform import Platform
from cli.text import SHORT, moment
from engine.errors import Refused
from engine.fold import fold
from engine.ledger import Entry, Event
from engine.plan import Plan
from engine.state import RunState


@dataclass(frozen=True)
class Told:
    """One run, as its entries tell it."""

    run: str
    entries: Sequence[Entry]

    @cached_property
    def state(self) -> RunState:
        """Where it stands."""
        return fold(self.run, self.entries)

    @cached_property
    def plan(self) -> Plan:
        """The plan in force."""
        return Plan.model_validate_json(self.state.plan_text)

    @property
    def since(self) -> str:
        """When it was started, UTC."""
        return moment(self.entries[0].at)


def find_run(platform: Platform, beginning: str) -> str:
    """Return the id that starts with `beginning`; raise `Refused` for none or several.

    A whole id is returned as it is: Prefect may know a run that never came into the ledger.
    """
    if _is_whole(beginning):
        return str(UUID(beginning))
    with platform.journal as journal, closing(journal.stream()) as entries:
        started = {entry.run for entry in entries if entry.event is Event.RUN_STARTED}
    found = sorted(run for run in started if beginning and run.startswith(beginning.lower()))
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(run[: SHORT + 4] for run in found[:5])
        raise Refused(f"{len(found)} runs start with {beginning}: {shown}", hint="Type more of it.")
    raise Refused(
        f"the ledger has no run that starts with {beginning or 'nothing'}",
        hint="`runbook status` lists the runs that have not ended.",
    )


def read_run(platform: Platform, run: str) -> Told | None:
    """Return what the ledger tells of one run; None if it does not know it."""
    with platform.journal as journal:
        entries = journal.entries(run)
    return Told(run, entries) if entries else None


def last_entry(platform: Platform, run: str) -> int:
    """Return the place of the run's last entry in the ledger; 0 if it has none."""
    told = read_run(platform, run)
    return told.entries[-1].sequence if told is not None else 0


def live_runs(platform: Platform) -> tuple[Told, ...]:
    """Return the runs that have not ended, the oldest first."""
    with platform.journal as journal, closing(journal.stream()) as entries:
        return tuple(Told(run, kept) for run, kept in _unended(entries).items())


def _unended(entries: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    """Gather entries by run, and drop each run at its end, so that only live ones are kept."""
    kept: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.event is Event.RUN_STARTED:
            kept[entry.run] = [entry]
        elif entry.run in kept and entry.event is Event.RUN_ENDED:
            del kept[entry.run]
        elif entry.run in kept:
            kept[entry.run].append(entry)
    return kept


def _is_whole(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
