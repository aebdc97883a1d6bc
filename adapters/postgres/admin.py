"""The server in the hands of the engine's role: what roles there are, who is connected, and passwords.

Names and columns as in PostgreSQL's "System Catalogs" and "Monitoring Database Activity". The engine's
role is no superuser: it never sees a stored verifier, and proves a password by signing in with it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from pydantic import SecretStr

from adapters.postgres import wire
from adapters.postgres.failures import judged, read_only, translated
from adapters.postgres.limit import limited
from adapters.postgres.settings import PostgresSettings
from adapters.shared.files import read_secret
from engine.errors import OutcomeUnknown, Refused, RunbookError, Transient

APPLICATION = "runbook-engine"
SHIELDS = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_min_error_statement": "panic",
    "pg_stat_statements.track_utility": "off",
    "track_activities": "off",
}
"""Settings under which the server neither keeps nor shows a statement; setup.sql grants them.

The last one is for pg_stat_activity, which shows a change for as long as it waits for a lock, and for
the lines about deadlocks and broken servers, which repeat what is shown there.
"""
PRINTS = "debug\\_print\\_%"
"""Settings by which the server prints each statement as it was parsed; every role may turn them off."""
WARNING = "01000"
MOST_NAMED = 5
"""Sessions that a message names one by one."""


@dataclass(frozen=True)
class Role:
    """A role as everybody may see it."""

    name: str
    may_log_in: bool
    is_expired: bool
    """Whether its VALID UNTIL is over; a sign-in is then refused as one with a wrong password."""
    is_mighty: bool
    """Whether it is a superuser, or may make roles or databases."""


@dataclass(frozen=True)
class Session:
    """One connection of a role."""

    process: int
    application: str
    client: str
    """Address of the client; `local` for a Unix socket."""
    since: datetime | None
    """When it was opened, by the server's clock; None where our role may not see it."""

    def __str__(self) -> str:
        name = self.application or "without a name"
        moment = self.since and self.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        since = f" since {moment}" if moment else ""
        return f"{name} from {self.client}{since} (pid {self.process})"


class Admin:
    """An open connection of the engine's role; every statement is a transaction of its own."""

    def __init__(self, connection: psycopg.Connection, what: str, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self.what = what

    def role(self, name: str) -> Role:
        """Return a role; raise `Refused` if there is none of that name."""
        row = self._row(
            "SELECT rolcanlogin, coalesce(rolvaliduntil <= now(), false),"
            " rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
            " FROM pg_catalog.pg_roles WHERE rolname = %s",
            [name],
        )
        if row is None:
            raise Refused(
                f"{self.what} has no role {name}",
                hint="Correct the catalogue, or make it with adapters/postgres/setup.sql.",
            )
        return Role(name, *row)

    def is_member(self, role: str, group: str) -> bool:
        """Tell whether a role has the rights of another one; raise `Refused` if either is missing."""
        return bool(self._value("SELECT pg_catalog.pg_has_role(%s, %s, 'MEMBER')", [role, group]))

    def acts_as(self, role: str, group: str, database: str = "") -> bool:
        """Tell whether sessions of a role begin as another one, so that it owns what they make.

        `ALTER ROLE … SET role` is kept in pg_db_role_setting. What is set for the role in one
        database goes before what is set for the role, and that before what is set for the database
        (ALTER ROLE, "Notes"). Without a database it is enough that it does so in any.
        """
        rows = self._rows(
            "SELECT s.setdatabase <> 0, substr(each, 6) FROM pg_catalog.pg_db_role_setting AS s"
            " LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase,"
            " unnest(s.setconfig) AS each"
            " WHERE each LIKE 'role=%%' AND s.setrole IN"
            " (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %(role)s::text))"
            " AND (s.setdatabase = 0 OR %(database)s::text IN ('', d.datname))"
            " ORDER BY s.setrole = 0, s.setdatabase = 0",
            {"role": role, "database": database},
        )
        effective = rows[:1] if database else rows
        return group in [name for _, name in effective]

    def sessions(self, role: str, before: datetime | None = None) -> tuple[Session, ...]:
        """Return the sessions of a role, or those of them that were opened before a moment."""
        rows = self._rows(
            "SELECT pid, coalesce(application_name, ''),"
            " coalesce(host(client_addr), 'local'), backend_start"
            " FROM pg_catalog.pg_stat_activity"
            " WHERE usename = %(role)s AND coalesce(application_name, '') <> %(own)s"
            " AND (%(before)s::timestamptz IS NULL OR backend_start IS NULL"
            " OR backend_start < %(before)s::timestamptz)"
            " ORDER BY backend_start, pid",
            {"role": role, "own": wire.APPLICATION, "before": before},
        )
        return tuple(Session(*row) for row in rows)

    def is_read_only(self) -> bool:
        """Tell whether the server takes no change, as a standby does."""
        return bool(self._value("SELECT current_setting('transaction_read_only') = 'on'"))

    def now(self) -> str:
        """Return the server's own time, ISO 8601 in UTC."""
        shape = 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00'
        return str(
            self._value(
                "SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', %s)",
                [shape],
            )
        )

    def version(self) -> str:
        """Return the version of the server, for people."""
        return str(self._value("SELECT pg_catalog.current_setting('server_version')"))

    def set_verifier(self, role: str, verifier: SecretStr) -> bool:
        """Let the role log in with the password of this verifier; tell whether it was seen nowhere."""
        change = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(verifier.get_secret_value())
        )
        is_shielded = self._shield()
        self._change(change)
        return is_shielded

    def lock(self, role: str) -> None:
        """Let the role log in no more, and take its password away."""
        self._change(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(role)))

    def missing_right(self, role: str) -> str:
        """Say what our role lacks to change this one's password; empty if nothing."""
        row = self._row(
            "SELECT rolsuper, rolcreaterole, pg_catalog.pg_has_role(oid, %s,"
            " 'MEMBER WITH ADMIN OPTION') FROM pg_catalog.pg_roles WHERE rolname = current_user",
            [role],
        )
        is_super, makes_roles, administers = row or (False, False, False)
        # CREATEROLE alone was enough up to 15 (PostgreSQL 16, release notes, "Privileges")
        is_enough = administers or self._connection.info.server_version < 160000
        if is_super or (makes_roles and is_enough):
            return ""
        return "CREATEROLE" if not makes_roles else f"ADMIN OPTION on {role}"

    def sees_sessions(self) -> bool:
        """Tell whether our role may see since when, and from where, others are connected."""
        return bool(self._value("SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"))

    def _shield(self) -> bool:
        refused = 0
        for setting in SHIELDS.items():
            try:
                self._rows("SELECT pg_catalog.set_config(%s, %s, false)", setting)
            except Refused:
                refused += 1
        self._rows(
            "SELECT pg_catalog.set_config(name, 'off', false)"
            " FROM pg_catalog.pg_settings WHERE name LIKE %s",
            [PRINTS],
        )
        return refused == 0

    def _change(self, statement: sql.Composed) -> None:
        """Make a change; raise `OutcomeUnknown` where it was made and no standby has confirmed it.

        It is the one warning of its kind, and comes where that wait was cancelled.
        """
        warned: list[str | None] = []
        self._connection.add_notice_handler(lambda notice: warned.append(notice.sqlstate))
        with limited(self._connection, self._seconds):
            translated(self.what, lambda: self._connection.execute(statement), writing=True)
        if WARNING in warned:
            raise OutcomeUnknown(
                f"{self.what} has made the change, and no standby has confirmed it",
                hint="After a failover it may be gone: see to the synchronous standby, then retry.",
            )

    def _value(self, query: str, given: Any = ()) -> Any:
        row = self._row(query, given)
        return None if row is None else row[0]

    def _row(self, query: str, given: Any = ()) -> tuple[Any, ...] | None:
        rows = self._rows(query, given)
        return rows[0] if rows else None

    def _rows(self, query: str, given: Any = ()) -> list[tuple[Any, ...]]:
        text = sql.SQL(query)
        with limited(self._connection, self._seconds):
            return translated(self.what, lambda: self._connection.execute(text, given).fetchall())


@contextmanager
def open_admin(settings: PostgresSettings) -> Iterator[Admin]:
    """Connect as the engine's role for the length of a block.

    Raises `Refused` where settings or sign-in are wrong, `Transient` where the server does not answer
    or takes no change now.
    """
    if not (settings.host and settings.user and settings.password_file):
        raise settings.unset()
    password = read_secret(settings.password_file, "the password of the engine's database role")
    with _connected(settings, password) as connection:
        admin = Admin(connection, settings.title, settings.statement_timeout)
        if admin.is_read_only():
            raise read_only(settings.title)
        yield admin


def _connected(settings: PostgresSettings, password: SecretStr) -> psycopg.Connection:
    """Connect; why that fails, libpq would tell in the server's own language alone."""
    lost: RunbookError
    try:
        return translated(settings.title, lambda: psycopg.connect(**_options(settings, password)))
    except Transient as error:
        lost = error
    said = wire.sign_in(settings, settings.user, password, settings.database)
    if isinstance(said, wire.Turned):
        lost = judged(settings.title, settings.user, said.sqlstate, said.reason)
    raise lost


def _options(settings: PostgresSettings, password: SecretStr) -> dict[str, Any]:
    limit = settings.statement_timeout * 1000
    trusted = settings.ca_file or ssl.get_default_verify_paths().cafile or "system"
    over_tcp: dict[str, Any] = {"sslmode": settings.tls}
    if settings.tls.startswith("verify"):
        over_tcp["sslrootcert"] = str(trusted)
    return {
        "host": settings.host,
        "port": settings.port,
        "dbname": settings.database,
        "user": settings.user,
        "password": password.get_secret_value(),
        "passfile": "/dev/null",  # nobody's ~/.pgpass is ours
        "application_name": APPLICATION,
        "connect_timeout": settings.connect_timeout,
        "options": f"-c statement_timeout={limit} -c lock_timeout={limit}",
        "autocommit": True,
        "prepare_threshold": None,
        **({} if settings.is_local else over_tcp),
    }
