"""PostgreSQL as a ledger: writers queue at one advisory lock, which ends with the transaction.

The role needs no more than `postgres.sql` grants. A pooler in transaction mode may stand between:
nothing is kept in the session and no statement is prepared. Parameters: PostgreSQL 15, "Client
Connection Defaults" and libpq's "Connection Strings".
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, create_engine, text

from adapters.ledger.database import Database

_LOCK = int.from_bytes(b"runbook")
"""Any number does, as long as it is the same everywhere."""

_STATEMENT_SECONDS = 30
_CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "runbook-ledger",
    "client_encoding": "utf8",
    "prepare_threshold": None,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Timeouts in seconds, but `tcp_user_timeout` in milliseconds. What the URL says goes before."""

_LIMIT = text("SELECT set_config('statement_timeout', :statement, true)")
_LIMIT_AND_SYNC = text(
    "SELECT set_config('statement_timeout', :statement, true),"
    " set_config('lock_timeout', :lock, true),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
)
_TAKE_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")

_MAY_REWRITE = text("SELECT has_table_privilege('entries', 'UPDATE, DELETE, TRUNCATE')")


class Postgresql(Database):
    """A ledger in the database of the URL, in the first schema of the role's search path."""

    def __init__(self, address: URL, patience: float) -> None:
        """Connect on first use; a writer waits `patience` seconds for the lock."""
        options = {name: it for name, it in _CONNECTION.items() if name not in address.query}
        engine = create_engine(
            address,
            hide_parameters=True,
            pool_timeout=patience,
            pool_pre_ping=True,
            # With an older view the head read after the wait would not be the newest.
            isolation_level="READ COMMITTED",
            connect_args=options,
        )
        super().__init__(address, engine)
        self._limits = {
            "statement": f"{_STATEMENT_SECONDS}s",
            "lock": f"{max(1, int(patience * 1000))}ms",
        }

    def begin(self, connection: Connection, *, writes: bool) -> None:
        """Bound every wait; a writer then queues for the lock."""
        if not writes:
            connection.execute(_LIMIT, {"statement": self._limits["statement"]})
            return
        connection.execute(_LIMIT_AND_SYNC, self._limits)
        connection.execute(_TAKE_LOCK, {"lock": _LOCK})

    def describe(self, connection: Connection) -> str:
        """Name the server's version, and warn where the role may do more than it should."""
        version = connection.scalar(text("SELECT current_setting('server_version')"))
        if connection.scalar(_MAY_REWRITE):
            return f"PostgreSQL {version}, where the role may rewrite entries (see postgres.sql)"
        return f"PostgreSQL {version}"

    def wipe(self) -> None:
        """Leave it to autovacuum; the log of PostgreSQL is not ours to empty."""
