"""One sign-in over the wire, told by its SQLSTATE.

libpq tells a failed sign-in by a sentence alone, in the server's language, and "refused" must be told
apart from "not answered". So the few messages that a sign-in takes are spoken here (PostgreSQL,
"Frontend/Backend Protocol": Message Flow, SASL Authentication, Error Fields). Nothing but SCRAM is
answered: no server can make this give a password away.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.postgres.scram import MECHANISM, Exchange
from adapters.postgres.settings import PostgresSettings
from engine.errors import Refused, RunbookError, Transient

APPLICATION = "runbook-login"
_PROTOCOL = 196608
_ASK_TLS = 80877103
_LONGEST = 65536
"""Bytes of one message; a sign-in has none that is longer."""
_MOST_MESSAGES = 200
_OK, _MD5, _SASL, _CONTINUE, _FINAL = 0, 5, 10, 11, 12
_CLEAR_HINT = "Let its pg_hba.conf say scram-sha-256; no other way is answered."
_MD5_HINT = (
    "The role's password is stored as an MD5 hash. Set `password_encryption` to scram-sha-256, then "
    "set the same password once more with \\password; only after that let pg_hba.conf say "
    "scram-sha-256, as it lets nobody in by an MD5 hash."
)
"""Where the method is `md5`, the server asks by SCRAM whoever has such a verifier ("Password
Authentication"), so being asked for MD5 tells how the password is kept."""


@dataclass(frozen=True)
class Turned:
    """The server's no."""

    sqlstate: str
    reason: str
    """Its own first sentence; holds names and no secret."""
    by_password: bool = False
    """Whether it came after the password was proven right."""


@dataclass(frozen=True)
class Accepted:
    """The server's yes."""

    by_password: bool
    """Whether it asked for the password at all; rules of `trust` or `peer` do not."""


def sign_in(
    settings: PostgresSettings, user: str, password: SecretStr, database: str
) -> Accepted | Turned:
    """Sign in, sign off, and return what the server said.

    Raises `Transient` if it does not answer, `Refused` if it asks for the password in any other way
    than by SCRAM, or cannot be trusted.
    """
    if not settings.host:
        raise settings.unset()
    failed: RunbookError
    try:
        with _connected(settings) as channel:
            return _Talk(channel).sign_in(user, password, database)
    except ssl.SSLError as error:
        failed = Refused(
            f"{settings.title} cannot be trusted: {error.reason or type(error).__name__}",
            hint="Look at its certificate, and at postgres.tls and postgres.ca_file.",
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        failed = Transient(f"{settings.title} did not answer: {why}")
    raise failed


@contextmanager
def _connected(settings: PostgresSettings) -> Iterator[socket.socket]:
    with _opened(settings) as channel:
        channel.settimeout(settings.connect_timeout)
        if settings.is_local or settings.tls == "disable":
            yield channel
            return
        channel.sendall(struct.pack("!ii", 8, _ASK_TLS))
        if channel.recv(1) != b"S":  # one byte, so that nothing sent in clear is taken for TLS
            raise Refused(
                f"{settings.title} does not speak TLS, and postgres.tls asks for {settings.tls}",
                hint="Turn `ssl` on at the server.",
            )
        with _context(settings).wrap_socket(channel, server_hostname=settings.host) as guarded:
            yield guarded


def _opened(settings: PostgresSettings) -> socket.socket:
    if not settings.is_local:
        address = (settings.host, settings.port)
        return socket.create_connection(address, settings.connect_timeout)
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(settings.connect_timeout)
    try:
        channel.connect(f"{settings.host}/.s.PGSQL.{settings.port}")
    except BaseException:
        channel.close()
        raise
    return channel


def _context(settings: PostgresSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.check_hostname = settings.tls == "verify-full"
    if settings.tls == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


class _Talk:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def sign_in(self, user: str, password: SecretStr, database: str) -> Accepted | Turned:
        named = {"user": user, "database": database, "application_name": APPLICATION}
        words = b"".join(f"{key}\0{value}\0".encode() for key, value in named.items())
        body = struct.pack("!i", _PROTOCOL) + words + b"\0"
        self._channel.sendall(struct.pack("!i", len(body) + 4) + body)
        exchange, was_asked = Exchange(password), False
        for _ in range(_MOST_MESSAGES):
            kind, told = self._receive()
            if kind == b"E":
                return _turned(told, by_password=was_asked)
            if kind == b"Z":
                self._send(b"X", b"")
                return Accepted(was_asked)
            if kind == b"R":
                was_asked = self._authenticate(told, exchange) or was_asked
        raise Refused("the database server does not come to the end of a sign-in")

    def _authenticate(self, told: bytes, exchange: Exchange) -> bool:
        """Answer one request; tell whether the exchange has come to its end."""
        (code,), rest = struct.unpack("!i", told[:4]), told[4:]
        match code:
            case _ if code == _OK:
                return False
            case _ if code == _SASL and MECHANISM.encode() in rest.split(b"\0"):
                first = exchange.first()
                named = MECHANISM.encode() + b"\0" + struct.pack("!i", len(first))
                self._send(b"p", named + first)
                return False
            case _ if code == _CONTINUE:
                self._send(b"p", exchange.answer(rest))
                return False
            case _ if code == _FINAL:
                exchange.confirm(rest)
                return True
        way = f"the database server asks for a password in a way that is not {MECHANISM}"
        raise Refused(way, hint=_MD5_HINT if code == _MD5 else _CLEAR_HINT)

    def _send(self, kind: bytes, body: bytes) -> None:
        self._channel.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._exactly(5)
        (length,) = struct.unpack("!i", head[1:])
        if not 4 <= length <= _LONGEST:
            raise Refused("what answers there does not speak the protocol of PostgreSQL")
        return head[:1], self._exactly(length - 4)

    def _exactly(self, size: int) -> bytes:
        held = b""
        while len(held) < size:
            more = self._channel.recv(size - len(held))
            if not more:
                raise ConnectionResetError(0, "the connection was closed")
            held += more
        return held


def _turned(told: bytes, *, by_password: bool) -> Turned:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in told.split(b"\0") if part}
    return Turned(fields.get(b"C", ""), fields.get(b"M", "")[:200], by_password)
