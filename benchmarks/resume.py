"""How long an on-call person waits: from Resume to the next step, from Submit to the first gate.

`python -m benchmarks.resume [--runs 2]` plays the main job as it is shipped, warm worker and
gateway, and on a bare Prefect server with the warm and with the stock worker; and, in the same
minutes and on the same kind of server, a flow of bare Prefect that suspends or pauses itself, with
Prefect's own settings and with tuned ones. It prints all of them and their ratios. Times are taken
on one clock: the answer is sent, and the ledger says when the step was started.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import line, say
from benchmarks.native import NO_WORKER, Native, native
from benchmarks.storage import storages
from demo.oncall import OnCall
from demo.stage import NO_CLOCK, STOCK, WARM, Stage, set_stage
from engine.fold import fold
from engine.journal import Journal
from engine.ledger import Entry, Event
from flows.door import at_server, start

RUNBOOK = "rotate-anthropic-api-key"
PAUSE = 2.0
"""Seconds a person reads before answering; by then the run's last process has ended."""
LOOK = 0.25
"""Seconds between two looks; every time is read from the ledger, so it is in none of them."""


class Kind(NamedTuple):
    """A way to run the engine."""

    worker: Sequence[str]
    gateway: bool
    database: str
    """What Prefect and the ledger keep their data in, as `storages` names it."""


KINDS = {
    "shipped: warm worker and gateway": Kind(WARM, gateway=True, database="SQLite"),
    "shipped, on PostgreSQL": Kind(WARM, gateway=True, database="PostgreSQL"),
    "warm worker, bare server": Kind(WARM, gateway=False, database="SQLite"),
    "stock worker, bare server": Kind(STOCK, gateway=False, database="SQLite"),
}
SHIPPED = next(iter(KINDS))
NATIVE_GATES = 8
"""Gates of a run of bare Prefect, as many as a rotation has."""


@dataclass(frozen=True)
class Times:
    """Seconds waited, one number for each wait."""

    submitted: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.resume", description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="runs of the main job for each kind")
    parser.add_argument("--only", choices=("shipped", "engine", "native"), help="a part alone")
    told = parser.parse_args()
    found: dict[str, Times] = {}
    if told.only != "native":
        for kind in [SHIPPED] if told.only == "shipped" else list(KINDS):
            if KINDS[kind].database not in storages():
                say(f"{kind}: left out, as it is not installed")
                continue
            found[kind] = measure(kind, told.runs)
            _tell(kind, found[kind])
    if told.only in {None, "native"}:
        for kind, times in measure_native().items():
            found[kind] = times
            _tell(kind, times)
    for kind, times in found.items():
        if kind != SHIPPED and SHIPPED in found:
            _compare(found[SHIPPED], kind, times)
    return 0


def _tell(kind: str, times: Times) -> None:
    say(f"{kind:32} submit -> first gate: {line(times.submitted, 's')}")
    say(f"{kind:32} resume -> next step:  {line(times.resumed, 's')}")


def _compare(shipped: Times, kind: str, times: Times) -> None:
    ratios = [
        statistics.median(getattr(times, name)) / statistics.median(getattr(shipped, name))
        for name in ("submitted", "resumed")
    ]
    say(f"{kind}: submit takes {ratios[0]:.1f}, resume {ratios[1]:.1f} times as long (p50)")


def measure(kind: str, runs: int) -> Times:
    """Return the waits of so many runs of the main job on this kind of stage."""
    times, (worker, gateway, database) = Times(), KINDS[kind]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        kept = stack.enter_context(storages()[database]())
        stage = stack.enter_context(
            set_stage(
                Path(folder) / "stage",
                say=_nothing,
                worker=worker,
                extra={**NO_CLOCK, **kept.extra},
                changes=kept.changes,
                gateway=gateway,
            )
        )
        people = OnCall(stage)
        stack.enter_context(at_server(stage.api_url))
        _play(stage, people, Times())  # the first run after a start pays for imports on all sides
        for _ in range(runs):
            _play(stage, people, times)
    return times


def measure_native() -> dict[str, Times]:
    """Return the waits of bare Prefect's flow, by what it does at a gate and how it is set."""
    found = {}
    with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
        folder = Path(made)
        stage = stack.enter_context(
            set_stage(folder / "stage", say=_nothing, worker=NO_WORKER, extra=NO_CLOCK)
        )
        stack.enter_context(at_server(stage.api_url))
        for tuned in (False, True):
            place = folder / f"native-{tuned}"
            with native(stage, place, tuned=tuned) as flow:
                for way in ("suspend", "pause"):
                    name = f"Prefect {way}, {'tuned' if tuned else 'default'}"
                    found[name] = _play_native(flow, way)
    return found


def _play_native(flow: Native, way: str) -> Times:
    times = Times()
    for gates in (1, NATIVE_GATES):  # the first run pays for imports on all sides
        kept = Times() if gates == 1 else times
        run = flow.begin(way, gates)
        kept.submitted.append(run.wait_for(0) - run.began)
        for gate in range(1, gates + 1):
            run.wait_until_asked()
            time.sleep(PAUSE)
            pressed = run.resume()
            kept.resumed.append(run.wait_for(gate) - pressed)
    return times


def _nothing(_: str) -> None:
    """Say nothing."""


def _play(stage: Stage, people: OnCall, times: Times) -> None:
    with stage.platform().journal as journal:
        _follow(journal, people, times)


def _follow(journal: Journal, people: OnCall, times: Times) -> None:
    decided, sent = 0, datetime.now(UTC)
    with people.acting("otto"):
        run = start(RUNBOOK, {"reason": "a benchmark", "requested_by": "otto"})
    waits = times.submitted
    while True:
        entries = journal.entries(run)
        state = fold(run, entries)
        if state.outcome is not None:
            return
        opening = state.opening
        if opening is None or opening.number <= decided:
            time.sleep(LOOK)
            continue
        waits.append(
            _waited(entries, Event.GATE_OPENED if not decided else Event.STEP_STARTED, sent)
        )
        if decided and waits[-1] > 3:
            say(f"  {waits[-1]:.1f} s until {opening.step} at {sent:%H:%M:%S}")
        waits, decided = times.resumed, opening.number
        with people.acting(people.staff):
            people.wait_for(run, opening)
        time.sleep(PAUSE)
        sent = datetime.now(UTC)
        people.decide(run, opening)


def _waited(entries: Sequence[Entry], event: Event, sent: datetime) -> float:
    """Return the seconds from `sent` to the first such entry after it."""
    moments = [datetime.fromisoformat(entry.at) for entry in entries if entry.event is event]
    return min((at - sent).total_seconds() for at in moments if at > sent)


if __name__ == "__main__":
    sys.exit(main())
