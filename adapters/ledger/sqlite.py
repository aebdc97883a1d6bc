"""SQLite as a ledger: one file, one writer at a time, every commit on the disk.

WAL lets readers go on beside the writer; `synchronous=FULL` syncs each commit; `secure_delete`
overwrites what is deleted (SQLite 3.40, "PRAGMA Statements").
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.ledger.database import Database

_READ_ONLY = "SQLITE_READONLY"
_BUSY = "SQLITE_BUSY"
_PAUSE_SECONDS = 0.02


class Sqlite(Database):
    """A ledger in one file, made for its owner alone (mode 0600) where there was none."""

    def __init__(self, address: URL, patience: float) -> None:
        """Open the file on first use; a writer waits `patience` seconds for the one before."""
        engine = create_engine(
            address,
            hide_parameters=True,
            pool_timeout=patience,
            connect_args={"timeout": patience},
        )
        super().__init__(address, engine)
        self._patience = patience
        event.listen(engine, "do_connect", self._make_file)
        event.listen(engine, "connect", self._prepare)

    def begin(self, connection: Connection, *, writes: bool) -> None:
        """Take the only write lock at once: taken later, it could be refused without waiting."""
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def describe(self, connection: Connection) -> str:
        """Name the SQLite that Python was built with."""
        return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"

    def wipe(self) -> None:
        """Empty the write-ahead log, where the deleted rows still stand, unless it is in use."""
        # The entry is durable by now, so nothing here may look like a failure of the append.
        with suppress(SQLAlchemyError, sqlite3.Error), self._at_once() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _at_once(self) -> Iterator[DBAPICursor]:
        # Waiting would keep all other writers out until the slowest reader is done.
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                yield cursor
            finally:
                cursor.execute(f"PRAGMA busy_timeout={int(self._patience * 1000)}")
                cursor.close()

    def _make_file(self, *_of_the_event: object) -> None:
        path = str(self._address.database)
        if path.startswith("file:") or Path(path).exists():
            return
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    def _prepare(self, connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # Transactions are opened by `begin` alone; Python's own would come too late.
        connection.isolation_level = None
        connection.text_factory = _read_text
        _use_wal(connection, self._patience)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")


def _read_text(stored: bytes) -> str:
    """Let also what is no UTF-8 come out, which nobody but a forger puts in; its hash tells."""
    return stored.decode("utf-8", "surrogateescape")


def _use_wal(connection: sqlite3.Connection, patience: float) -> None:
    deadline = time.monotonic() + patience
    while _mode(connection) != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(_READ_ONLY):
                return
            if not error.sqlite_errorname.startswith(_BUSY) or time.monotonic() >= deadline:
                raise
        else:
            # A file system without shared memory keeps its old mode, which is as durable.
            return
        # SQLite does not wait by itself when two programs change the mode at once.
        time.sleep(_PAUSE_SECONDS)


def _mode(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
