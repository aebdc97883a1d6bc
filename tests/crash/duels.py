"""Two processes at one run: both at once, or one that slept and wakes after another took over."""

from __future__ import annotations

import signal
import time

from engine.ledger import BESIDE, Event
from tests.crash.harbour import Victim
from tests.crash.tripwire import Kill
from tests.crash.voyage import PATIENCE, Stuck, Voyage, awaken, is_stopped, take

PICK_UPS = frozenset({Event.RUN_STARTED, Event.RUN_RESUMED})


def take_twice(voyage: Voyage) -> None:
    """Start two processes for the run at once, and wait until both are gone."""
    take(voyage.run)
    both = [voyage.fork(None), voyage.fork(None)]
    deadline = time.monotonic() + PATIENCE
    while not all(each.is_gone(0.02) for each in both):
        if time.monotonic() > deadline:
            raise Stuck("two processes of one run do not end")
    hold_one_writer(voyage)


def oversleep(voyage: Voyage, kills: list[Kill]) -> None:
    """Put the process to sleep at its boundary, let another take over, then wake the first."""
    sleeper = fall_asleep(voyage, kills)
    if sleeper is None:
        return
    voyage.verdict.kills += 1
    voyage.report_crash()
    awaken(voyage.run)
    voyage.pick_up(None)
    sleeper.send(signal.SIGCONT)
    if not sleeper.is_gone(PATIENCE):
        raise Stuck("the process that slept does not end")
    hold_one_writer(voyage)


def fall_asleep(voyage: Voyage, kills: list[Kill]) -> Victim | None:
    """Return the process that sleeps at its boundary, or None if the next gate came first."""
    take(voyage.run)
    sleeper, before = voyage.fork(kills[0]), voyage.struck()
    deadline = time.monotonic() + PATIENCE
    while not (is_stopped(sleeper.process) and voyage.struck() > before):
        if sleeper.is_gone(0.02):
            return None
        if time.monotonic() > deadline:
            raise Stuck("the process did not fall asleep")
    kills.pop(0)
    return sleeper


def hold_one_writer(voyage: Voyage) -> None:
    """Hold that nothing was written for an attempt after the next one had begun, nor by two for one."""
    newest, late, twice = 0, [], []
    open_steps: set[str] = set()
    for entry in voyage.entries():
        if entry.event in PICK_UPS:
            newest, open_steps = max(newest, entry.attempt), set()
        elif entry.attempt < newest and entry.event not in BESIDE:
            late.append(entry.sequence)
        elif entry.event is Event.STEP_STARTED:
            twice += [entry.sequence] if entry.step in open_steps else []
            open_steps.add(entry.step)
        elif entry.event is Event.STEP_FAILED:
            open_steps.discard(entry.step)
    voyage.verdict.hold("I9", not late, f"entries {late} were written by one that was fenced")
    voyage.verdict.hold("I9", not twice, f"entries {twice} begin a step that the attempt had begun")
