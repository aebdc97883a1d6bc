"""Six tables: chain, drawer, who holds what, who acts on what, which gates wait, who works.

`postgres.sql` makes the same tables for a role that may not; a test holds the two together.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

ENTRIES = Table(
    "entries",
    METADATA,
    Column(
        "sequence",
        # Only INTEGER makes SQLite use its row number, which nothing but a whole number fits.
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False, unique=True),
    Index("entries_run_attempt", "run", "attempt"),
    Index("entries_event", "event"),
)
"""`actor` and `details` are canonical JSON, so that the stored bytes are those that were hashed."""

SEALED = Table(
    "sealed",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("armour", Text, nullable=False),
)

HOLDS = Table(
    "holds",
    METADATA,
    Column("resource", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("since", Text, nullable=False),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("resource", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("until", Text, nullable=False),
)

OPENINGS = Table(
    "openings",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("opened", BigInteger, nullable=False),
)
"""Where the open gates are found in the chain: a run, and the sequence of its `gate.opened`."""

WORKERS = Table(
    "workers",
    METADATA,
    Column("pool", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("life", Text, nullable=False, unique=True),
    Column("beat", BigInteger, nullable=False),
    Column("patience", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("heir", Text, nullable=False),
)
"""Signs of life of the workers; `adapters.ledger.workers` says what each column is."""
