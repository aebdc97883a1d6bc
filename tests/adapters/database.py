"""A real PostgreSQL that logs all it can, with the roles that setup.sql makes in it."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select
from threading import Event
from typing import Any

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql
from pydantic import SecretStr

import adapters.postgres
from adapters.postgres import PostgresSettings, steps
from engine.step import AnyStep
from sandbox.postgresql import Postgres, running_postgres

SETUP = Path(adapters.postgres.__file__).parent / "setup.sql"
ENGINE, GROUP = "runbook_rotator", "pulse_events"
ACTIVE, RESTING = f"{GROUP}_a", f"{GROUP}_b"
LOGINS = (ACTIVE, RESTING)
LOUD = (
    "log_statement=all",
    "log_min_duration_statement=0",
    "log_min_error_statement=debug5",
    "log_connections=on",
    "log_disconnections=on",
    "log_duration=on",
    "log_parser_stats=off",
    "log_error_verbosity=verbose",
    "shared_preload_libraries=pg_stat_statements,auto_explain",
    "auto_explain.log_min_duration=0",
    "auto_explain.log_nested_statements=on",
    "auto_explain.log_verbose=on",
    "pg_stat_statements.track=all",
    "pg_stat_statements.track_utility=on",
)
"""Everything by which a server may keep the text of a statement."""
RULES = """\
local all owner trust
local all let_in trust
local all all scram-sha-256
host all barred 127.0.0.1/32 reject
host all weak 127.0.0.1/32 password
host all older 127.0.0.1/32 md5
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Server:
    """The server, and how the engine reaches it."""

    postgres: Postgres
    port: int
    folder: Path
    engine_password: str

    def settings(self, **changes: Any) -> PostgresSettings:
        """Return the engine's settings: by TCP, over TLS, with the authority that made the certificate."""
        given = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": ENGINE,
            "password_file": self.folder / "password",
            "ca_file": self.folder / "server.crt",
        }
        return PostgresSettings(**{**given, **changes})

    def steps(self, **changes: Any) -> dict[str, AnyStep]:
        return {each.name.partition(".")[2]: each for each in steps(self.settings(**changes))}

    def sql(self, statement: str, *names: str) -> None:
        """Run a statement as the superuser; `{}` are names of roles."""
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))
        self.postgres.execute("postgres", composed)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.postgres.connect("postgres") as connection:
            return connection.execute(query).fetchall()

    def url(self, role: str, password: str) -> SecretStr:
        """Return a secret as the service keeps it."""
        return SecretStr(
            f"postgresql://{role}:{password}@127.0.0.1:{self.port}/postgres?sslmode=require"
        )

    def use(self, value: SecretStr, name: str = "events-api") -> psycopg.Connection:
        """Sign in as the service does; raise `psycopg.OperationalError` if that is refused."""
        return psycopg.connect(value.get_secret_value(), application_name=name, autocommit=True)

    def verifier(self, role: str) -> str | None:
        """Return what the server keeps of a password."""
        (found,) = self.ask(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'")  # noqa: S608 - a name of ours
        return None if found[0] is None else str(found[0])

    def log(self) -> str:
        return (self.postgres.folder / "log").read_text(errors="replace")

    def fresh(self) -> SecretStr:
        """Make the roles anew and return the secret in force."""
        for role in (*LOGINS, GROUP, "plana"):
            self.sql(f"DROP ROLE IF EXISTS {role}")
        self.postgres.run_file("postgres", SETUP, engine=ENGINE, service=GROUP)
        password = secrets.token_hex(16)
        self.sql(f"ALTER ROLE {{}} LOGIN PASSWORD '{password}'", ACTIVE)
        return self.url(ACTIVE, password)


@contextmanager
def silent_after(port: int, marker: bytes) -> Iterator[int]:
    """Yield a port that leads to the server until a client sends the marker; then nothing passes."""
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(8) as pool:

        def accept() -> None:
            is_silent = Event()
            while True:
                client, _ = listener.accept()
                if ended.is_set():  # this is the one that wakes us
                    client.close()
                    return
                pool.submit(_pump, client, port, marker, is_silent, ended)

        pool.submit(accept)
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            socket.create_connection(listener.getsockname()).close()


def _pump(client: socket.socket, port: int, marker: bytes, is_silent: Event, ended: Event) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        while not is_silent.is_set():
            for each in select([client, server], [], [], 0.1)[0]:
                sent = each.recv(65536)
                if not sent:
                    return
                if marker in sent:
                    is_silent.set()
                else:
                    (server if each is client else client).sendall(sent)
        ended.wait()


@contextmanager
def open_server(folder: Path) -> Iterator[Server]:
    """Start it, and leave neither process nor file behind."""
    from tests.postgres import require_programs  # noqa: PLC0415 - it is a plugin

    programs = require_programs()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    certificate, key = _certificate()
    (folder / "server.crt").write_bytes(certificate)
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    options = (*LOUD, "fsync=off", "ssl=on", "listen_addresses=127.0.0.1", f"port={port}")
    files = {"server.crt": certificate, "server.key": key}
    more: dict[str, Any] = {"options": options, "rules": RULES, "files": files, "port": port}
    with running_postgres(programs, **more) as postgres:
        postgres.execute("postgres", "CREATE EXTENSION pg_stat_statements")
        server = Server(postgres, port, folder, password)
        server.sql(f"CREATE ROLE {{}} LOGIN PASSWORD '{password}'", ENGINE)
        yield server


def _certificate() -> tuple[bytes, bytes]:
    """Return a certificate for the address of the tests, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pg01")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private
