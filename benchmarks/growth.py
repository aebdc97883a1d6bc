"""How it grows: a ledger from a thousand to a million entries, a catalogue from 10 secrets to 1,000.

`python -m benchmarks.growth [--entries 1000000] [--secrets 1000]` prints each curve with the power
it grows by, and draws them. 1 is proportional, 0 does not grow.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from adapters.drift import compare_stores, read_ages
from adapters.ledger import SqlJournal
from benchmarks.environment import Points, plot
from benchmarks.figures import exponent, say
from benchmarks.ledger import draft, fill, times
from engine.ledger import verify
from tests.stores import stores

ROUNDS = 3


def main() -> int:
    """Measure, print and draw; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the largest ledger")
    parser.add_argument("--secrets", type=int, default=1000, help="of the largest catalogue")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        of_ledger(Path(folder), _powers(1000, wanted.entries))
        of_catalogue(Path(folder), _powers(10, wanted.secrets))
    return 0


def of_ledger(folder: Path, sizes: list[int]) -> None:
    """Measure an append to ledgers of these sizes, and their verification, on SQLite."""
    append: list[tuple[float, float]] = []
    whole: list[tuple[float, float]] = []
    for size in sizes:
        url = f"sqlite:///{folder}/ledger-{size}.db"
        with closing(SqlJournal(url)) as journal:
            _append(journal)  # makes the tables
            fill(url, size)
            whole.append((size, _seconds(partial(_verify, journal))))
            took = times(partial(_append, journal))
            append.append((size, statistics.median(took) / 1e3))
        say(f"{size:9,} entries: append {append[-1][1] * 1e3:.2f} ms, verify {whole[-1][1]:.2f} s")
    curves = {"append one": append, "verify all": whole}
    _tell("ledger", "A ledger of so many entries", "entries", curves)


def of_catalogue(folder: Path, sizes: list[int]) -> None:
    """Measure the comparison of both stores, and the ages from git history."""
    compared: list[tuple[float, float]] = []
    aged: list[tuple[float, float]] = []
    for size in sizes:
        place = folder / f"secrets-{size}"
        place.mkdir()
        with stores(place, size) as made:
            platform = made.platform
            compared.append((size, _seconds(partial(compare_stores, platform))))
            aged.append((size, _seconds(partial(read_ages, platform))))
        say(f"{size:9,} secrets: drift {compared[-1][1]:.2f} s, due {aged[-1][1]:.2f} s")
    curves = {"drift": compared, "due": aged}
    _tell("catalogue", "A catalogue of so many secrets", "secrets", curves)


def _append(journal: SqlJournal) -> None:
    journal.append(draft())


def _verify(journal: SqlJournal) -> None:
    verify(journal.links())


def _tell(file: str, title: str, x: str, curves: dict[str, list[tuple[float, float]]]) -> None:
    for name, points in curves.items():
        say(f"{name}: seconds grow with the number of {x} to the power {exponent(points):.2f}")
    told: dict[str, Points] = {**curves}
    plot(file, title, (x, "seconds"), told)


def _seconds(action: Callable[[], object]) -> float:
    """Return the median of several rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def _powers(first: int, last: int) -> list[int]:
    sizes = [first]
    while sizes[-1] * 10 <= last:
        sizes.append(sizes[-1] * 10)
    return sizes


if __name__ == "__main__":
    sys.exit(main())
