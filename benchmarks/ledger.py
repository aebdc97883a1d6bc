"""What a durable entry costs: append, beside a bare insert into the same database, and verify.

`python -m benchmarks.ledger [--entries 100000]` measures SQLite, and PostgreSQL where its programs
are here. The bare insert writes a row of the same size, in a transaction of its own, synced to disk
just as the ledger's are; the ratio is what the chain, the fence and the lock add.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice

from sqlalchemy import Column, MetaData, Table, Text, create_engine, event, insert

from adapters.ledger import SqlJournal
from adapters.ledger.addresses import address_of
from adapters.ledger.rows import row_of
from adapters.ledger.tables import ENTRIES
from benchmarks.figures import line, say
from engine.ledger import GENESIS, Draft, Entry, Event, chain, verify
from sandbox.postgresql import find_programs, running_postgres

APPENDS = 500
AT = "2026-11-26T02:00:00.000000Z"
DETAILS = {
    "outputs": {"commit": "6d1f" * 10, "branch": "rotate/6f1c2f1e"},
    "sealed": [],
    "evidence": "main holds fp:8298090b50e8ab6e at infra/secrets/plana-pulse.enc.yaml",
}
BARE = Table("bare", MetaData(), Column("text", Text))


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.ledger", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="entries to verify")
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        urls = {"sqlite": f"sqlite:///{folder}/ledger.db"}
        programs = find_programs()
        if programs is not None:
            server = stack.enter_context(running_postgres(programs))
            urls["postgresql"] = server.url(stack.enter_context(server.new_database()))
        for name, url in urls.items():
            _measure(name, url, count)
    return 0


def _measure(name: str, url: str, count: int) -> None:
    with closing(SqlJournal(url)) as journal:
        appended = times(lambda: journal.append(draft()))
    bare = times(_bare(url))
    say(f"{name:10} append:      {line(appended, 'ms')}")
    say(f"{name:10} bare insert: {line(bare, 'ms')}")
    ratio = statistics.median(appended) / statistics.median(bare)
    say(f"{name:10} an append takes {ratio:.1f} times as long as a bare insert (p50)")
    fill(url, count)
    with closing(SqlJournal(url)) as journal:
        began = time.perf_counter()
        verify(journal.links())
        took = time.perf_counter() - began
    say(f"{name:10} verify of {count:,} entries: {took:.2f} s, {took / count * 1e6:.0f} µs each")


def times(action: Callable[[], object]) -> list[float]:
    """Return the milliseconds that each of many calls takes, after some that do not count."""
    for _ in range(20):
        action()
    found = []
    for _ in range(APPENDS):
        began = time.perf_counter()
        action()
        found.append((time.perf_counter() - began) * 1e3)
    return found


def draft() -> Draft:
    """Return an entry as a rotation writes it."""
    return Draft(run="bench", event=Event.STEP_SUCCEEDED, step="sops", attempt=1, details=DETAILS)


def _bare(url: str) -> Callable[[], object]:
    engine = create_engine(address_of(url))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(connection: object, _record: object) -> None:
            for setting in ("journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {setting}")  # type: ignore[attr-defined] # sqlite3's

    BARE.metadata.create_all(engine)
    text = "x" * len(str(row_of(next(_entries(1)))))

    def once() -> None:
        with engine.begin() as connection:
            connection.execute(insert(BARE), {"text": text})

    return once


def _entries(count: int) -> Iterator[Entry]:
    before = GENESIS
    for number in range(1, count + 1):
        entry = chain(draft(), AT, number, before)
        before = entry.hash
        yield entry


def fill(url: str, count: int) -> None:
    """Have the ledger at this address hold so many entries, and no others."""
    engine = create_engine(address_of(url))
    with engine.begin() as connection:
        connection.execute(ENTRIES.delete())
        rows = map(row_of, _entries(count))
        while batch := [*islice(rows, 10_000)]:
            connection.execute(insert(ENTRIES), batch)
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
