"""A real PostgreSQL in a folder of its own: started by whoever needs one, gone afterwards.

It listens on a Unix socket only, so it needs no port, and it syncs to disk as a real one does.
PostgreSQL refuses to run as root; there it runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sandbox.database import RULES, DatabaseServer
from sandbox.programs import ProgramFailed

Statement = str | sql.SQL | sql.Composed
_NAMES = count(1)


@dataclass(frozen=True)
class Postgres:
    """One server that may be stopped and started again."""

    programs: Path
    folder: Path
    account: str | None
    """Whom it runs as, where that is not whom the tests run as."""
    asked: str = "asked"
    """Role whose members must give their password; all others are trusted on the socket."""
    options: tuple[str, ...] = ()
    """Settings beyond the usual, each as `name=value` without white space."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files of the data directory that the server's account alone may read."""
    port: int = 5432
    """Names the socket too; a server listens at it only where `options` say so."""
    rules: str = "local all +asked scram-sha-256\n"
    """What stands in pg_hba.conf before the rules that trust everybody on the socket."""

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.folder / "data"

    def start(self) -> None:
        """Start and wait until it answers."""
        usual = ("listen_addresses=", "fsync=on", f"unix_socket_directories={self.folder}")
        options = " ".join(f"-c {each}" for each in (*usual, *self.options))
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", log, "-o", options)

    def stop(self) -> None:
        """End every connection, stop, and wait until it is gone."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.data))

    def make(self) -> None:
        """Make the cluster: `owner` is its superuser, members of `asked` need a password."""
        arguments = ("-D", str(self.data), "-U", "owner", "--auth=trust", "-E", "UTF8")
        self._run("initdb", *arguments, "--no-locale")
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"{self.rules}{rules.read_text()}")
        for name, content in self.files.items():
            path = self.data / name
            path.touch(mode=0o600)
            path.write_bytes(content)
            if self.account is not None:
                shutil.chown(path, user=self.account)

    def url(self, database: str, role: str = "owner", *, driver: str = "") -> str:
        """Return an SQLAlchemy URL, for one of its drivers (`asyncpg`) if it is named."""
        return f"postgresql{driver and f'+{driver}'}://{role}@/{database}?host={self.folder}"

    def connect(self, database: str, role: str = "owner") -> psycopg.Connection:
        """Return a connection that commits each statement by itself."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, dbname=database, user=role, autocommit=True
        )

    def execute(self, database: str, statement: Statement, role: str = "owner") -> None:
        """Run one statement outside a transaction."""
        with self.connect(database, role) as connection:
            connection.execute(statement)

    def run_file(self, database: str, file: Path, **variables: str) -> None:
        """Run an SQL file as an operator does, with psql."""
        given = [f"--set={name}={value}" for name, value in variables.items()]
        where = ["-h", str(self.folder), "-p", str(self.port), "-U", "owner", "-d", database]
        program = str(self.programs / "psql")
        subprocess.run(  # noqa: S603 - the program was found beside pg_ctl
            [program, "-X", "-q", "--set=ON_ERROR_STOP=1", *given, *where, "-f", str(file)],
            check=True,
            stdin=subprocess.DEVNULL,
        )

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """Give the name of an empty database that ends with the block."""
        name = f"test_{next(_NAMES)}"
        self.execute("postgres", sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        self.execute("postgres", drop)

    def _run(self, program: str, *arguments: str) -> None:
        # A pipe would be inherited by the server and never end; a file does.
        with tempfile.TemporaryFile("w+") as said:
            ended = subprocess.run(  # noqa: S603 - the program was found beside pg_ctl
                [str(self.programs / program), *arguments],
                check=False,
                user=self.account,
                group=self.account and pwd.getpwnam(self.account).pw_gid,
                extra_groups=None if self.account is None else [],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            said.seek(0)
            if ended.returncode != 0:
                message = f"{program} ended with {ended.returncode}: {said.read().strip()}"
                raise ProgramFailed(message)


@contextmanager
def running_postgres(programs: Path, **more: Any) -> Iterator[Postgres]:
    """Make a server, start it, and leave neither process nor file behind; `more` are its fields."""
    # In a folder of its own: others are closed to the account the server runs as under root.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        server = Postgres(programs, Path(name), _account(), **more)
        if server.account is not None:
            shutil.chown(name, user=server.account)
        server.make()
        try:
            server.start()
            server.execute(
                "postgres", sql.SQL("CREATE ROLE {}").format(sql.Identifier(server.asked))
            )
            yield server
        finally:
            if (server.data / "postmaster.pid").exists():
                server.stop()


@contextmanager
def open_database_server() -> Iterator[DatabaseServer]:
    """Run a server for worlds; raise `ProgramFailed` where PostgreSQL is not installed."""
    programs = find_programs()
    if programs is None:
        message = "PostgreSQL is not installed: pg_ctl, initdb and psql are in no known folder"
        raise ProgramFailed(message)
    with running_postgres(programs, rules=RULES, options=("fsync=off",)) as server:
        yield DatabaseServer(str(server.folder))


def find_programs() -> Path | None:
    """Return the folder of `pg_ctl`, `initdb` and `psql`, or None where there is none."""
    found = shutil.which("pg_ctl")
    on_path = [Path(found).resolve().parent] if found else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wanted = ("pg_ctl", "initdb", "psql")
    for folder in (*on_path, *_configured(), *debian):
        if all((folder / program).exists() for program in wanted):
            return folder
    return None


def _configured() -> list[Path]:
    program = shutil.which("pg_config")
    if program is None:
        return []
    told = subprocess.run(  # noqa: S603 - the program was found on the path
        [program, "--bindir"], check=False, capture_output=True, text=True
    )
    return [Path(told.stdout.strip())] if told.returncode == 0 else []


def _account() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
