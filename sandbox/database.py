"""The roles of a world on a real PostgreSQL that somebody else has started.

Roles are of a whole server, so one server has one world at a time; the next one makes them anew.
Where passwords are set here, libpq makes the verifier, so that it is not the engine's own code that
the engine is held to.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

URL_PATH, SHARED_PATH = "pulse_events.database_url", "plana.postgres_password"
GROUP, SHARED, ENGINE = "pulse_events", "plana", "runbook_rotator"
LOGINS = (f"{GROUP}_a", f"{GROUP}_b")
RULES = "local all owner trust\nlocal all all scram-sha-256\n"
"""Lines of pg_hba.conf under which a server lets its superuser in, and others by password alone."""
_ROLES = (*LOGINS, GROUP, SHARED)
_GRANTS_SETTINGS = 150000
"""PostgreSQL 15, release notes: SET on a parameter can be granted."""
_HIDING = (
    "log_statement, log_min_duration_statement, log_min_duration_sample, "
    "log_transaction_sample_rate, log_min_error_statement, pg_stat_statements.track_utility, "
    "track_activities"
)


@dataclass(frozen=True)
class DatabaseServer:
    """A server on this machine, and a superuser that it trusts; all others must give a password."""

    folder: str
    """Of its Unix socket."""
    port: int = 5432
    superuser: str = "owner"
    database: str = "postgres"

    def url_like(self, value: str) -> str:
        """Return a connection URL to this server with the login of another one."""
        login = urlsplit(value).netloc.rpartition("@")[0]
        query = f"host={quote(self.folder, safe='')}&port={self.port}"
        return f"postgresql://{login}@/{self.database}?{query}"


class Database:
    """Roles and passwords of one world; `close` ends the connection and leaves the roles."""

    def __init__(
        self, server: DatabaseServer, values: Mapping[str, str], engine_password: str
    ) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._owner = psycopg.connect(**self._at(server.superuser), autocommit=True)
        self._seed(values, engine_password)

    @property
    def place(self) -> dict[str, Any]:
        """Return how the engine reaches it, without its password."""
        server = self._server
        there = {"host": server.folder, "port": server.port, "database": server.database}
        return {**there, "user": ENGINE, "tls": "disable"}

    def lets_in(self, path: str, value: str) -> bool:
        """Tell whether somebody with this value of the SOPS file is let in, by trying it."""
        match path:
            case _ if path == URL_PATH:
                return self._signs_in(conninfo=value)
            case _ if path == SHARED_PATH:
                return self._signs_in(**self._at(SHARED), password=value)
        return True

    def states(self) -> dict[str, tuple[bool, str]]:
        """Return of each role whether it may log in, and a mark of its password that changes with it."""
        with self._lock:
            rows = self._owner.execute(
                "SELECT rolname, rolcanlogin, md5(coalesce(rolpassword, ''))"
                " FROM pg_authid WHERE rolname = ANY(%s) ORDER BY rolname",
                [list(_ROLES)],
            ).fetchall()
        return {name: (may_log_in, mark) for name, may_log_in, mark in rows}

    def lock_as_human(self, role: str) -> None:
        """Let a role log in no more, as somebody does who takes it for an old one."""
        with self._lock:
            self._owner.execute(_statement("ALTER ROLE {} NOLOGIN", role))

    def close(self) -> None:
        """End the connection."""
        self._owner.close()

    def _at(self, user: str) -> dict[str, Any]:
        server = self._server
        return {"host": server.folder, "port": server.port, "dbname": server.database, "user": user}

    def _signs_in(self, **given: Any) -> bool:
        try:
            with psycopg.connect(**given, application_name="app", connect_timeout=10) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def _seed(self, values: Mapping[str, str], engine_password: str) -> None:
        run = self._owner.execute
        run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY(%s)",
            [[*_ROLES]],
        )
        for role in (*_ROLES, ENGINE):
            if role in self._known():
                run(_statement("DROP OWNED BY {}", role))
                run(_statement("DROP ROLE {}", role))
        run(_statement("CREATE ROLE {} NOLOGIN", GROUP))
        for role in LOGINS:
            run(_statement("CREATE ROLE {} NOLOGIN IN ROLE {}", role, GROUP))
            run(_statement("ALTER ROLE {} SET role TO {}", role, GROUP))
        run(_statement("CREATE ROLE {} NOLOGIN", SHARED))
        run(_statement("CREATE ROLE {} CREATEROLE IN ROLE pg_read_all_stats", ENGINE))
        if self._owner.info.server_version >= _GRANTS_SETTINGS:
            run(_statement(f"GRANT SET ON PARAMETER {_HIDING} TO {{}}", ENGINE))
        login = urlsplit(values[URL_PATH])
        self._let_in(login.username or "", login.password or "")
        self._let_in(SHARED, values[SHARED_PATH])
        self._let_in(ENGINE, engine_password)

    def _known(self) -> set[str]:
        return {name for (name,) in self._owner.execute("SELECT rolname FROM pg_roles").fetchall()}

    def _let_in(self, role: str, password: str) -> None:
        made = self._owner.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        change = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
        self._owner.execute(change.format(sql.Identifier(role), sql.Literal(made.decode())))


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))
