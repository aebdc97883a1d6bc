"""A worker that dies with its runs: how long until they go on.

`python -m benchmarks.recovery [--rounds 3]` kills the worker and all its processes in the middle of a
step, by SIGKILL. Once it is started again under its name: how long until the run is crashed, and, after
a Retry, until it goes on. Then another worker of the pool is there, and the dead one is not started
again: how long until the run goes on there by itself. Behind the gateway, as it is shipped.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from adapters.ledger.workers import Workers
from benchmarks.crowd import LONG, STARTER, Crowd, moment, set_crowd, until
from benchmarks.figures import line, say
from benchmarks.processes import below
from benchmarks.server import answering
from demo.stage import POOL, Stage
from engine.ledger import Entry, Event
from flows.door import standing, wake

NAMES = ("first", "second")


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.recovery", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = range(parser.parse_args().rounds)
    may = threading.Event()
    may.set()
    with (
        tempfile.TemporaryDirectory() as made,
        answering(may) as address,
        set_crowd(Path(made), address, LONG) as crowd,
    ):
        crowd.grow(1)
        crowd.resume(crowd.runs)  # the first run after a start pays for imports on all sides
        measure(Dying(crowd, may), rounds)
    return 0


@dataclass
class Dying:
    """A stage whose worker is killed in the middle of a step."""

    crowd: Crowd
    may: threading.Event
    """Set while steps may end."""

    def __post_init__(self) -> None:
        """Take over the worker that the stage came with."""
        self.at_work = self.crowd.stage.programs["worker"]

    def begin(self) -> str:
        """Bring a run into the middle of a step, and return its id."""
        self.crowd.grow(len(self.crowd.runs) + 1)
        run = self.crowd.runs[-1]
        self.may.clear()
        self.crowd.approve([run])
        self.crowd.wait_for([run], Event.STEP_STARTED)
        return run

    def kill(self) -> float:
        """Kill the worker and all below it, let steps end again, and return when."""
        processes = below(self.at_work.process.pid)
        killed = time.time()
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.may.set()
        return killed

    def start(self, name: str) -> None:
        """Start a worker of this name."""
        stage: Stage = self.crowd.stage
        named = replace(stage, worker=(*stage.worker, "--name", name))
        self.at_work = named.restart_worker()

    def is_known(self, name: str) -> bool | None:
        """Tell whether the ledger knows that this worker is at work; None if it does not."""
        with self.crowd.stage.platform().journal as journal:
            return True if name in {each.name for each in Workers(journal).find(POOL)} else None

    def crashed(self, run: str) -> float | None:
        """Return the time if Prefect has the run as crashed by now."""
        with self.crowd.people.acting(STARTER):
            return time.time() if standing(run).name == "Crashed" else None

    def retry(self, run: str) -> float:
        """Press Retry, and return when."""
        pressed = time.time()
        with self.crowd.people.acting(STARTER):
            wake(run)
        return pressed

    def picked_up(self, run: str, times: int) -> Entry:
        """Return the entry of this pick-up, once it is there."""
        return self.crowd.wait_for([run], Event.RUN_RESUMED, times)[0]


def measure(dying: Dying, rounds: range) -> None:
    """Kill the worker so many times in each way, and tell what it took."""
    crashed, resumed, taken = [], [], []
    dying.kill()
    dying.start(NAMES[0])
    for _ in rounds:
        run = dying.begin()
        killed = dying.kill()
        dying.start(NAMES[0])
        crashed.append(until(partial(dying.crashed, run), "a crashed run") - killed)
        pressed = dying.retry(run)
        resumed.append(moment(dying.picked_up(run, 2).at) - pressed)
    say(f"killed and started again -> crashed:   {line(crashed, 's')}")
    say(f"Retry -> picked up again:              {line(resumed, 's')}")
    for number in rounds:
        run, dead = dying.begin(), dying.at_work
        dying.start(NAMES[(number + 1) % 2])
        until(partial(dying.is_known, NAMES[(number + 1) % 2]), "the other worker")
        living, dying.at_work = dying.at_work, dead
        killed = dying.kill()
        taken.append(moment(dying.picked_up(run, 2).at) - killed)
        dying.at_work = living
    say(f"killed, another at work -> taken over: {line(taken, 's')}")


if __name__ == "__main__":
    sys.exit(main())
