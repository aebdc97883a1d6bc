"""A run, followed in the ledger: a live list on a terminal, plain lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from rich.live import Live

from adapters.platform import Platform
from cli.exits import Exit
from cli.runs import Told, read_run
from cli.screen import console, is_terminal, say
from cli.server import door
from cli.steps import steps_table
from cli.trail import line
from cli.words import advice, move_of, stands
from engine.errors import Refused
from engine.ledger import Event
from engine.state import Outcome

LOOK_EVERY = 1.0
"""Seconds between two looks into the ledger."""
PREFECT_EVERY = 5
"""Looks into the ledger for each question to Prefect, whether the run is still alive."""


def follow(platform: Platform, run: str, *, after: int = 0) -> Exit:
    """Show how the run goes on until it ends or stands at a gate.

    Only what the ledger has after entry `after` is shown and counts. Returns the exit code that
    says how the run ended; raises `Refused` if Prefect has given it up.
    """
    with progress(after) as show:
        told = _until_still(platform, run, after, show)
    move = move_of(told, platform)
    if told.state.refusal:
        say(f"the last answer did not count: {told.state.refusal}")
    say(f"{told.plan.runbook} {run}: {stands(told, move)}")
    if advice(told, move):
        say(f"next: {advice(told, move)}")
    is_fine = told.state.outcome in (None, Outcome.COMPLETED)
    return Exit.FINE if is_fine else Exit.REFUSED


Show = Callable[[Told], None]


def _until_still(platform: Platform, run: str, after: int, show: Show) -> Told:
    for look in count(1):
        told = read_run(platform, run)
        if told is not None:
            show(told)
            if _is_still(told, after):
                return told
        if look % PREFECT_EVERY == 0:
            _refuse_dead(platform, run)
        time.sleep(LOOK_EVERY)
    raise AssertionError("unreachable: the count has no end")


def _is_still(told: Told, after: int) -> bool:
    if told.state.outcome is not None:
        return True
    opened = [entry for entry in told.entries if entry.event is Event.GATE_OPENED]
    return told.state.opening is not None and opened[-1].sequence > after


def _refuse_dead(platform: Platform, run: str) -> None:
    standing = door().standing(run)
    if not standing.is_final:
        return
    told = read_run(platform, run)  # its last entry may have come after our look
    if told is None or told.state.outcome is None:
        raise Refused(
            f"Prefect has given the run up, it is {standing.name}: {standing.message}",
            hint=f"Mend what it says, then `runbook resume {run}`.",
        )


@contextmanager
def progress(after: int = 0) -> Iterator[Show]:
    """Yield what shows a run as it is told: a live table, or a line for each entry after `after`."""
    if is_terminal():
        with Live(console=console(), refresh_per_second=4) as live:
            yield lambda told: live.update(steps_table(told))
        return
    seen: set[int] = set()

    def show(told: Told) -> None:
        for entry in told.entries:
            if entry.sequence > after and entry.sequence not in seen:
                seen.add(entry.sequence)
                say(line(entry))

    yield show
