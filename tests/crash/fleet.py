"""Many cases at once: each lane is a process with a Prefect server and a nursery of its own."""

from __future__ import annotations

import atexit
import os
import signal
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

from tests.crash.cases import Case, Verdict
from tests.crash.database import keep_server_in
from tests.crash.disk import end_with_parent
from tests.crash.harbour import Nursery, open_harbour
from tests.crash.playing import Lane

_lanes: list[Lane] = []


@dataclass(frozen=True)
class Fleet:
    """Lanes that wait for cases."""

    pool: ProcessPoolExecutor

    def play(self, cases: Iterable[Case], until: float | None = None) -> Iterator[Verdict]:
        """Yield what became of each case, in the order they end; none is begun after `until`."""
        if until is not None and time.monotonic() >= until:
            return
        waiting = {self.pool.submit(_play, case) for case in cases}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            if until is not None and time.monotonic() > until:
                waiting = {each for each in waiting if not each.cancel()}
            for each in done:
                yield each.result()

    def close(self) -> None:
        """End every lane."""
        self.pool.shutdown(cancel_futures=True)


def launch(folder: Path, lanes: int) -> Fleet:
    """Start so many lanes, which work below `folder`."""
    pool = ProcessPoolExecutor(
        lanes, mp_context=get_context("spawn"), initializer=_moor, initargs=(folder,)
    )
    return Fleet(pool)


def _moor(folder: Path) -> None:
    """Have a Prefect server and a nursery for this lane; they end with it."""
    held = ExitStack()
    atexit.register(held.close)
    _end_with_parent(held)
    keep_server_in(held)
    home = folder / f"lane-{os.getpid()}"
    harbour = held.enter_context(open_harbour(home))
    nursery = Nursery(harbour, home / "nursery.log")
    held.callback(nursery.close)
    _lanes.append(Lane(harbour, nursery, home))


def _end_with_parent(held: ExitStack) -> None:
    """End what the lane has started even if the process that leads it is killed."""

    def end(number: int, frame: FrameType | None) -> None:
        held.close()
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the leader hears it, and closes the pool
    signal.signal(signal.SIGTERM, end)
    end_with_parent(signal.SIGTERM)


def _play(case: Case) -> Verdict:
    return _lanes[0].play(case)


def shared_files(folder: Path) -> Iterator[Path]:
    """Yield what the cases of all lanes had in common: Prefect's databases and all logs."""
    for pattern in ("lane-*/prefect/*.db*", "lane-*/*.log"):
        yield from folder.glob(pattern)
