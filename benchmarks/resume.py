"""How long an on-call person waits: from Resume to the next step, from Submit to the first gate.

`python -m benchmarks.resume [--runs 2]` plays the main job on the same kind of stage with the stock
process worker and with the warm one, and prints both and their ratio. Times are taken on one clock:
the answer is sent, and the ledger says when the step was started.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import line, say
from demo.oncall import OnCall
from demo.stage import NO_CLOCK, STOCK, WARM, Stage, set_stage
from engine.fold import fold
from engine.ledger import Entry, Event
from flows.door import at_server, start

RUNBOOK = "rotate-anthropic-api-key"
PAUSE = 2.0
"""Seconds a person reads before answering; by then the run's last process has ended."""
KINDS = {"stock": STOCK, "warm": WARM}


@dataclass(frozen=True)
class Times:
    """Seconds waited, one number for each wait."""

    submitted: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.resume", description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="runs of the main job for each worker")
    parser.add_argument("--only", choices=sorted(KINDS), help="one worker alone")
    told = parser.parse_args()
    kinds = [told.only] if told.only else list(KINDS)
    found = {kind: measure(kind, told.runs) for kind in kinds}
    for kind, times in found.items():
        say(f"{kind:6} submit -> first gate: {line(times.submitted, 's')}")
        say(f"{kind:6} resume -> next step:  {line(times.resumed, 's')}")
    if len(found) == len(KINDS):
        for name in ("submitted", "resumed"):
            stock, warm = (statistics.median(getattr(found[kind], name)) for kind in KINDS)
            say(f"{name}: the warm worker is {stock / warm:.1f} times as fast (p50)")
    return 0


def measure(kind: str, runs: int) -> Times:
    """Return the waits of so many runs with this worker."""
    times = Times()
    with (
        tempfile.TemporaryDirectory() as folder,
        set_stage(
            Path(folder) / "stage", say=lambda _: None, worker=KINDS[kind], extra=NO_CLOCK
        ) as stage,
        at_server(stage.api_url),
    ):
        _play(stage, Times())  # the first run after a start pays for imports on all sides
        for _ in range(runs):
            _play(stage, times)
    return times


def _play(stage: Stage, times: Times) -> None:
    people, journal = OnCall(stage), stage.platform().journal
    decided, sent = 0, datetime.now(UTC)
    run = start(RUNBOOK, {"reason": "a benchmark", "requested_by": "otto"})
    waits = times.submitted
    while True:
        entries = journal.entries(run)
        state = fold(run, entries)
        if state.outcome is not None:
            return
        opening = state.opening
        if opening is None or opening.number <= decided:
            time.sleep(0.02)
            continue
        waits.append(
            _waited(entries, Event.GATE_OPENED if not decided else Event.STEP_STARTED, sent)
        )
        if decided and waits[-1] > 3:
            say(f"  {waits[-1]:.1f} s until {opening.step} at {sent:%H:%M:%S}")
        waits, decided = times.resumed, opening.number
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
