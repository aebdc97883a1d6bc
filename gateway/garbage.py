"""Collecting Python's garbage in a thread of its own, so that a server on SQLite does not stand still.

Prefect's server keeps a thread for each connection to SQLite. An exception such as *database is
locked* keeps the cursor of its statement in its traceback, and is freed by the garbage collector,
in whichever thread happens to allocate: mostly that of the event loop. Freeing a cursor takes the
mutex of its connection (`stmt_reset` in CPython's Modules/_sqlite/cursor.c; sqlite3_reset), and a
connection that waits for another one's transaction holds that mutex for as long as it waits, up to
60 s (`busy_timeout` in prefect/server/database/configurations.py). The other transaction is ended
by the event loop, which waits. Nothing moves for a minute, and the next exception is on its way.

A thread that does nothing else may wait.
"""

from __future__ import annotations

import gc
import threading
import time

PAUSE = 1.0
"""Seconds between two collections of what is young."""
WHOLE = 15
"""Every so many of them, everything is collected."""


def collect_aside() -> None:
    """Collect no more garbage in the threads that make it, and start one that does."""
    gc.disable()
    threading.Thread(target=_collect, name="garbage", daemon=True).start()


def _collect() -> None:
    count = 0
    while True:
        time.sleep(PAUSE)
        count += 1
        gc.collect(2 if count % WHOLE == 0 else 1)
        if count == WHOLE:
            gc.freeze()  # what lives since the start is not looked at again and again
