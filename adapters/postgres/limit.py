"""An end to waiting for a statement, also where the server itself would wait on.

`statement_timeout` ends neither the wait for a standby, which is inside the commit, nor anything at
a server that does not answer any more. A statement is cancelled from here then, and if that does not
end it either, so is the connection.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import psycopg

GRACE = 2.0
"""Seconds for which each of the two is waited for."""


@contextmanager
def limited(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """End what runs in the block after that many seconds and a little; it then raises psycopg's error.

    A change that waits for a standby is not taken back by that: it is committed, with a warning
    (src/backend/replication/syncrep.c), and no error is raised.
    """
    ended = Event()
    watch = Thread(target=_end_late, args=(connection, seconds + GRACE, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()


def _end_late(connection: psycopg.Connection, seconds: float, ended: Event) -> None:
    if ended.wait(seconds):
        return
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=GRACE)
    if not ended.wait(GRACE):
        with socket.socket(fileno=os.dup(connection.fileno())) as channel:
            channel.shutdown(socket.SHUT_RDWR)
