"""A program that makes garbage and prints which thread frees it: `python -m tests.gateway.aside`."""

from __future__ import annotations

import gc
import sys
import threading

from gateway.garbage import collect_aside

freed = threading.Event()
by: list[str] = []


class Cycle:
    """What only the garbage collector frees."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        by.append(threading.current_thread().name)
        freed.set()


def main() -> None:
    collect_aside()
    Cycle()
    [[] for _ in range(100_000)]  # enough for Python to collect by itself, here, were it let
    freed.wait()
    sys.stdout.write(f"{by[0]} {gc.isenabled()}\n")


if __name__ == "__main__":
    main()
