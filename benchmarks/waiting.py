"""Runs that wait at gates: what they hold, how each goes on, and when each expires.

`python -m benchmarks.waiting [--most 500]` starts so many runs of a small runbook with two gates,
and looks, at 1, 10, 100 and so on, at the processes below the worker, at the memory of server and
worker, and at the time from Resume to the next step. Then all others are resumed, some at a time, and
the second gate, at which each stands in the end, is left to expire. All of it goes through the gateway,
as it is shipped.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.crowd import STEPS, Crowd, moment, set_crowd, until
from benchmarks.environment import plot
from benchmarks.figures import line, say, slope
from benchmarks.server import answering
from engine.ledger import Event

SIZES = (1, 10, 100, 500)
BATCH = 20
"""Runs resumed together, of those that were not one by one."""
SAMPLE = 5
"""Runs resumed one after the other at each size."""
MINUTE = 60.0
"""Seconds within which an expiry is to be honoured."""


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.waiting", description=__doc__)
    parser.add_argument("--most", type=int, default=500, help="runs that wait in the end")
    parser.add_argument("--expires", type=int, default=15, help="minutes until a gate expires")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as made,
        answering() as address,
        set_crowd(Path(made), address, wanted.expires) as crowd,
    ):
        grow(crowd, [size for size in SIZES if size <= wanted.most])
        resume_all(crowd, [run for run in crowd.runs if not _steps(crowd, run)])
        expire(crowd)
    return 0


def grow(crowd: Crowd, sizes: Sequence[int]) -> None:
    """Tell, and draw, what more waiting runs cost."""
    memory: list[tuple[float, float]] = []
    resumed: list[tuple[float, float]] = []
    for size in sizes:
        crowd.grow(size)
        took = [crowd.resume([run])[0] for run in crowd.runs[-min(SAMPLE, size) :]]
        processes, worker, server = crowd.settled()
        say(
            f"{size:4} wait: {processes} processes of the worker, {worker:.0f} MiB; "
            f"server {server:.0f} MiB; resume -> next step {line(took, 's')}"
        )
        memory.append((size, worker + server))
        resumed.append((size, statistics.median(took)))
    if len(sizes) > 1:
        say(f"a run that waits adds {slope(memory) * 1024:.0f} KiB to worker and server")
        say(f"a run that waits adds {slope(resumed) * 1e3:.2f} ms to another one's resume")
        plot("waiting", "Runs that wait", ("runs", "MiB"), {"worker and server": memory})


def resume_all(crowd: Crowd, runs: Sequence[str]) -> None:
    """Resume these, so many at a time, and see that each did its first step and nothing else."""
    for start in range(0, len(runs), BATCH):
        crowd.resume(runs[start : start + BATCH])
    found = Counter(tuple(_steps(crowd, run)) for run in crowd.runs)
    say(f"{found[(STEPS[0],)]} were resumed, did their first step once and wait again")
    others = found.total() - found[(STEPS[0],)] - found[()]
    say(f"{found[()]} still wait at their first gate; anything else: {others}")
    processes, worker, server = crowd.settled()
    say(f"{processes} processes of the worker, {worker:.0f} MiB; server {server:.0f} MiB")


def expire(crowd: Crowd) -> None:
    """Leave all gates that are open alone until they have expired."""
    before = {run: _steps(crowd, run) for run in crowd.runs}
    opened = [crowd.last(run, Event.GATE_OPENED) for run in crowd.runs]
    ends = {entry.run: moment(entry.details["expires"]) for entry in opened}
    until_last = max(ends.values()) - time.time()
    say(f"the last of {len(ends)} gates expires in {until_last / 60:.0f} minutes")
    time.sleep(max(0.0, until_last))
    expired = crowd.wait_for(crowd.runs, Event.GATE_EXPIRED)
    late = [moment(entry.at) - ends[entry.run] for entry in expired]
    say(f"{len(late)} expired; written after its moment: {line(late, 's')}")
    say(f"{sum(seconds <= MINUTE for seconds in late)} of them within a minute")
    passed = sum(_steps(crowd, run) != before[run] for run in crowd.runs)
    say(f"{passed} of them went on")
    until(lambda: True if crowd.held()[0] <= crowd.at_rest else None, "no process of a run")


def _steps(crowd: Crowd, run: str) -> list[str]:
    """Return the steps that the run has begun, in order."""
    return [e.step for e in crowd.journal.entries(run) if e.event is Event.STEP_STARTED]


if __name__ == "__main__":
    sys.exit(main())
