"""Many gates approved at the same moment: how long until the last run goes on.

`python -m benchmarks.at_once [--runs 20] [--rounds 2]` has people press so many buttons at once, behind
the gateway as it is shipped, with Prefect and the ledger on SQLite and on PostgreSQL, and then as many
suspended flows of bare Prefect, tuned and as it comes, on a bare server on SQLite. Each kind has a
server of its own. Before that, some are resumed one after the other, as a measure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.crowd import LONG, Crowd, set_crowd
from benchmarks.figures import line, say
from benchmarks.native import NO_WORKER, native
from benchmarks.server import answering
from benchmarks.storage import storages
from benchmarks.together import all_at_once
from demo.stage import NO_CLOCK, set_stage
from flows.door import at_server

SINGLE = 14
"""Runs resumed one after the other."""
UNCOUNTED = 3
"""Runs that pay for what the first ones after a start pay for."""


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.at_once", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="buttons pressed at once")
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    ours: dict[str, list[float]] = {}
    for kind, storage in storages().items():
        with (
            tempfile.TemporaryDirectory() as made,
            answering() as address,
            storage() as kept,
            set_crowd(Path(made), address, LONG, kept) as crowd,
        ):
            ours[kind] = together(crowd, kind, wanted.runs, wanted.rounds)
    with tempfile.TemporaryDirectory() as made:
        theirs = together_native(Path(made), wanted.runs)
    for name, seconds in theirs.items():
        ratios = [f"{seconds / max(took):.1f} times {kind}" for kind, took in ours.items()]
        say(
            f"Prefect suspend, {name}: the last one runs after {seconds:.1f} s; {', '.join(ratios)}"
        )
    return 0


def together(crowd: Crowd, kind: str, count: int, rounds: int) -> list[float]:
    """Return, for each round, the seconds until the last run went on."""
    crowd.grow(UNCOUNTED + SINGLE + count * rounds)
    runs = iter(crowd.runs)
    for _ in range(UNCOUNTED):
        crowd.resume([next(runs)])
    single = [crowd.resume([next(runs)])[0] for _ in range(SINGLE)]
    say(f"{kind}: resumed one after the other: {line(single, 's')}")
    took = []
    for _ in range(rounds):
        found = crowd.resume([next(runs) for _ in range(count)])
        say(f"{kind}: {count} resumed at once: the last one runs after {max(found):.1f} s")
        took.append(max(found))
    return took


def together_native(folder: Path, count: int) -> dict[str, float]:
    """Return the seconds until the last of as many flows of bare Prefect went on."""
    took = {}
    stage = set_stage(folder / "stage", say=lambda _: None, worker=NO_WORKER, extra=NO_CLOCK)
    with stage as made, at_server(made.api_url):
        for tuned in (True, False):
            with native(made, folder / f"native-{tuned}", tuned=tuned) as flow:
                runs = [flow.begin("suspend", 1) for _ in range(count)]
                for run in runs:
                    run.wait_until_asked()
                began = all_at_once(run.resume for run in runs)
                last = max(run.wait_for(1) for run in runs)
            took["tuned" if tuned else "default"] = last - began
    return took


if __name__ == "__main__":
    sys.exit(main())
