"""The store: append under one writer's lock, and read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, Row, Select, func, insert, inspect, select

from adapters.ledger import beside, drawer, holds, leases, openings
from adapters.ledger.addresses import address_of, is_sqlite
from adapters.ledger.database import Database
from adapters.ledger.fence import refuse_stale
from adapters.ledger.postgresql import Postgresql
from adapters.ledger.rows import entry_of, link_of, row_of
from adapters.ledger.sqlite import Sqlite
from adapters.ledger.tables import ENTRIES, METADATA
from engine.errors import ChainBroken
from engine.ledger import GENESIS, Draft, Entry, Event, Link, chain, timestamp

PATIENCE_SECONDS = 10.0
_BATCH = 500
T = TypeVar("T")
_ALL = select(ENTRIES).order_by(ENTRIES.c.sequence)


def utc_now() -> datetime:
    """Return the moment, aware, as the machine's clock has it."""
    return datetime.now(UTC)


class SqlJournal:
    """`engine.journal.Journal` on a database; safe to share between threads.

    It connects on first use and makes its tables where there are none. It may outlive its
    database: when that is back, the same object works again.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        now: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Take an SQLAlchemy URL; raise `Refused` if no ledger can be kept there.

        `patience` is how many seconds an append waits for the one before it.
        """
        address = address_of(url)
        kind = Sqlite if is_sqlite(address) else Postgresql
        self._database: Database = kind(address, patience)
        self._now = now
        self._has_tables = False
        self._making_tables = threading.Lock()

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes it."""
        return self

    def __exit__(self, *_why: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._database.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees all tables there are, for what lies beside the chain."""
        self._make_tables()
        with self._database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that is alone in the ledger; all of it is kept, or nothing."""
        self._make_tables()
        with self._database.writing() as connection:
            yield connection

    def append(
        self,
        draft: Draft,
        *,
        seal: Mapping[str, str] | None = None,
        hold: Sequence[str] = (),
        end: bool = False,
        under: Mapping[str, int] | None = None,
        upon: int = 0,
    ) -> Entry:
        """Make the entry durable and return it; see `engine.journal.Journal.append`.

        When the connection breaks during the commit, `LedgerDown` cannot tell whether the entry
        arrived; only reading can.
        """
        if seal:
            draft = drawer.vouched(draft, seal)
        with self.writing() as connection:
            entry = self._chain(connection, draft)
            leases.refuse_lost(connection, draft.run, under or {})
            openings.refuse_used(connection, draft)
            if upon:
                openings.refuse_overtaken(connection, draft, upon)
            if hold:
                holds.take(connection, draft.run, hold, entry.at)
            connection.execute(insert(ENTRIES), row_of(entry))
            openings.follow(connection, entry)
            if seal:
                drawer.put(connection, draft, seal)
            if end:
                drawer.empty(connection, draft.run)
                holds.release(connection, draft.run)
        if end:
            self._database.wipe()
        return entry

    def entries(self, run: str | None = None, *, after: int = 0) -> Sequence[Entry]:
        """Return the entries of one run, or of all, in order; those up to `after` are left out.

        Raises `LedgerDown`, and `ChainBroken` for a row no ledger wrote.
        """
        wanted = _ALL if run is None else _ALL.where(ENTRIES.c.run == run)
        if after:
            wanted = wanted.where(ENTRIES.c.sequence > after)
        return tuple(self._stream(wanted, entry_of))

    def waiting(self) -> Sequence[Entry]:
        """Return the open gates with what came after; see `engine.journal.Journal.waiting`."""
        return tuple(self._stream(openings.waiting(), entry_of))

    def of(self, *events: Event) -> Sequence[Entry]:
        """Return all entries of these events, in order; raises as `entries` does."""
        wanted = _ALL.where(ENTRIES.c.event.in_([it.value for it in events]))
        return tuple(self._stream(wanted, entry_of))

    def stream(self) -> Generator[Entry, None, None]:
        """Yield all entries in order, a few at a time: what `engine.ledger.verify` wants.

        Every row is seen, whatever its sequence says. It keeps a connection until it is used up
        or closed, so put `contextlib.closing` around it. Raises as `entries` does.
        """
        return self._stream(_ALL, entry_of)

    def links(self) -> Generator[Link, None, None]:
        """Yield what `stream` does, as far as `engine.ledger.verify` needs it: twice as fast."""
        return self._stream(_ALL, link_of)

    def verify_beside(self) -> None:
        """Hold the tables beside the chain against it.

        Raises `ChainBroken` that says where they differ, and `LedgerDown`.
        """
        with self.reading() as connection:
            found = list(beside.disagreements(connection))
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise ChainBroken(
                f"beside the chain, which is unbroken, {found[0]}{more}",
                hint="Somebody wrote into the tables. End the run it is about, and start it anew.",
            )

    def sealed(self, run: str) -> Mapping[tuple[str, str], str]:
        """Return the run's drawer; see `engine.journal.Journal.sealed`."""
        with self.reading() as connection:
            return drawer.read(connection, run)

    def holders(self) -> Mapping[str, str]:
        """Return what is held now: resource to run; raise `LedgerDown`."""
        with self.reading() as connection:
            return holds.read(connection)

    def lease(self, resource: str, run: str, *, seconds: float) -> int | None:
        """Take or prolong a lease; see `engine.journal.Journal.lease`."""
        now = self._now()
        until = timestamp(now + timedelta(seconds=seconds))
        with self.writing() as connection:
            return leases.take(connection, run, resource, timestamp(now), until)

    def give_back(self, resource: str, run: str, number: int) -> None:
        """End a lease, if it is still this one; raise `LedgerDown`."""
        with self.writing() as connection:
            leases.give_back(connection, run, resource, number)

    def lease_holder(self, resource: str) -> str:
        """Say in words who has the lease and until when; raise `LedgerDown`."""
        with self.reading() as connection:
            run, until = leases.holder(connection, resource)
        return f"run {run} has it until {until}" if run else "nobody has it"

    def describe(self) -> str:
        """Say what database it is and how long the ledger is; raise `LedgerDown`."""
        with self.reading() as connection:
            length = connection.scalar(select(func.count()).select_from(ENTRIES))
            return f"{length} entries on {self._database.describe(connection)}"

    def _chain(self, connection: Connection, draft: Draft) -> Entry:
        newest = select(func.max(ENTRIES.c.attempt)).where(ENTRIES.c.run == draft.run)
        head = connection.execute(
            select(ENTRIES.c.sequence, ENTRIES.c.hash, newest.scalar_subquery().label("newest"))
            .order_by(ENTRIES.c.sequence.desc())
            .limit(1)
        ).one_or_none()
        sequence, previous, attempt = (0, GENESIS, 0) if head is None else head
        refuse_stale(draft, attempt or 0)
        return chain(draft, timestamp(self._now()), sequence + 1, previous)

    def _stream(
        self, wanted: Select[Any], read: Callable[[Row[Any]], T]
    ) -> Generator[T, None, None]:
        with (
            self.reading() as connection,
            connection.execution_options(yield_per=_BATCH).execute(wanted) as rows,
        ):
            yield from map(read, rows)

    def _make_tables(self) -> None:
        if self._has_tables:
            return
        with self._making_tables:
            # Looked for first, because a role that may only use them could not make them.
            with self._database.reading() as connection:
                found = inspect(connection)
                missing = any(not found.has_table(name) for name in METADATA.tables)
            if missing:
                with self._database.writing() as connection:
                    METADATA.create_all(connection)
            self._has_tables = True
