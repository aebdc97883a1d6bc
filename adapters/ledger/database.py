"""A connected database in two words: `reading` and `writing`, each one transaction.

Whoever is inside `writing` is alone in the ledger, whatever program or machine it runs on, and
sees all that was written before. What it wrote is on the disk when `writing` is left.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, event

from adapters.ledger.failures import reported_as_ledger_down

_WRITES = "ledger_writes"


class Database(ABC):
    """What `sqlite` and `postgresql` have in common; no failure leaves but as `LedgerDown`."""

    def __init__(self, address: URL, engine: Engine) -> None:
        """Take an engine whose driver opens no transaction by itself."""
        self._address = address
        self._engine = engine
        event.listen(engine, "begin", self._begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that changes nothing."""
        with reported_as_ledger_down(self._address), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that is alone in the ledger; all of it is kept, or nothing."""
        writer = self._engine.execution_options(**{_WRITES: True})
        with reported_as_ledger_down(self._address), writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._engine.dispose()

    def _begin(self, connection: Connection) -> None:
        self.begin(connection, writes=bool(connection.get_execution_options().get(_WRITES)))

    @abstractmethod
    def begin(self, connection: Connection, *, writes: bool) -> None:
        """Open a transaction; if it `writes`, wait until no other does."""

    @abstractmethod
    def describe(self, connection: Connection) -> str:
        """Name the database and its version, and what about it is not as it should be."""

    @abstractmethod
    def wipe(self) -> None:
        """Let deleted rows leave the disk too, as far as that can be had without waiting."""
