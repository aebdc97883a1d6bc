"""Two databases behind two words: `reading` and `writing`, each one transaction.

Whoever is inside `writing` is alone in the ledger, whatever program or machine it runs on, and
sees all that was written before. What it wrote is on the disk when `writing` is left.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine

from adapters.ledger.failures import reported_as_ledger_down


class Database(ABC):
    """A connected database; every failure of it leaves as `LedgerDown`."""

    def __init__(self, address: URL, patience: float, **options: Any) -> None:
        self.address = address
        self.patience = patience
        """Seconds a writer waits for the one before it."""
        self.engine: Engine = create_engine(
            address, hide_parameters=True, pool_timeout=patience, **options
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the ledger."""
        with reported_as_ledger_down(self.address), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that is alone in the ledger; all or nothing is kept."""
        with reported_as_ledger_down(self.address), self._alone() as connection:
            yield connection

    @abstractmethod
    def _alone(self) -> ...: ...
