"""A program that stands still as Prefect's server on SQLite did, unless garbage is collected aside.

`python -m tests.gateway.stall [aside]` has a connection at work in a thread until this thread has
gone on, comes upon a cursor of that connection that is garbage, and prints whether it went on.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import weakref

from gateway.garbage import collect_aside

PATIENCE = {False: 3.0, True: 300.0}
"""Seconds until whoever waits for this thread gives it up: never, on any machine, where it goes on."""


class Cycle:
    """What only the garbage collector frees: a cursor in the middle of its rows."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.cursor, self.me = cursor, self


def main() -> None:
    aside = "aside" in sys.argv
    at_work, went_on = threading.Event(), threading.Event()
    outcome: list[bool] = []

    def wait() -> None:
        at_work.set()
        outcome.append(went_on.wait(PATIENCE[aside]))

    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.create_function("wait", 0, wait)
    if aside:
        collect_aside()
    cycle = Cycle(connection.execute("select 1 union select 2"))
    freed = weakref.ref(cycle)
    thread = threading.Thread(target=connection.execute, args=("select wait()",))
    thread.start()
    at_work.wait()
    del cycle
    [[] for _ in range(10_000)]  # enough for Python to collect, here, what is young
    went_on.set()
    thread.join()
    while freed() is not None:
        at_work.wait(0.01)
        [[] for _ in range(1000)]
    sys.stdout.write("went on\n" if outcome[0] else "stood still\n")


if __name__ == "__main__":
    main()
