"""SCRAM-SHA-256: what the server keeps instead of a password, and the proof that one knows it.

RFC 5802 and RFC 7677 for the exchange; for the verifier RFC 5803 as PostgreSQL spells it
("pg_authid": `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, all in base64). A server
takes a text of that shape as it is. So the password itself never leaves this process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from pydantic import SecretStr

from adapters.postgres.saslprep import prepare
from engine.errors import Refused

MECHANISM = "SCRAM-SHA-256"
ITERATIONS = 4096
"""What PostgreSQL itself uses, and RFC 7677 asks for at least."""
MOST_ITERATIONS = 2_000_000
"""More than this is not worked through for a server."""
SALT_BYTES = 16
_NO_BINDING = "n,,"
"""GS2 header: no channel binding, no other identity."""


def make_verifier(password: SecretStr) -> SecretStr:
    """Return a verifier with a fresh salt, as `ALTER ROLE … PASSWORD` takes it."""
    salt = secrets.token_bytes(SALT_BYTES)
    client, server = _keys(password, salt, ITERATIONS)
    stored = hashlib.sha256(client).digest()
    text = f"{MECHANISM}${ITERATIONS}:{_b64(salt)}${_b64(stored)}:{_b64(server)}"
    return SecretStr(text)


def is_verifier_of(verifier: SecretStr, password: SecretStr) -> bool:
    """Tell whether a stored verifier is of this password; False for any other kind of text."""
    try:
        _, counted, keys = verifier.get_secret_value().split("$")
        iterations, salt = counted.split(":")
        stored, server = (base64.b64decode(each, validate=True) for each in keys.split(":"))
        mine = _keys(password, base64.b64decode(salt, validate=True), int(iterations))
    except ValueError:
        return False
    known = hmac.compare_digest(hashlib.sha256(mine[0]).digest(), stored)
    return known and hmac.compare_digest(mine[1], server)


@dataclass
class Exchange:
    """The client's side of one exchange: `first`, then `answer`, then `confirm`."""

    password: SecretStr
    nonce: str = field(default_factory=lambda: _b64(secrets.token_bytes(18)))
    _expected: bytes = field(default=b"", repr=False)

    def first(self) -> bytes:
        """Return the client's first message; PostgreSQL takes the user from the startup packet."""
        return f"{_NO_BINDING}{self._bare}".encode()

    def answer(self, challenge: bytes) -> bytes:
        """Return the proof for the server's first message; raise `Refused` if that is unsound."""
        text = challenge.decode(errors="replace")
        fields = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
        try:
            nonce, salt = fields["r"], base64.b64decode(fields["s"], validate=True)
            iterations = int(fields["i"])
        except (KeyError, ValueError):
            nonce, salt, iterations = "", b"", 0
        if not (nonce.startswith(self.nonce) and salt and 0 < iterations <= MOST_ITERATIONS):
            raise Refused(
                "the database server answers the sign-in with a challenge that is not sound",
                hint="Look what stands at that address; nothing of the password was told to it.",
            )
        final = f"c={_b64(_NO_BINDING.encode())},r={nonce}"
        signed = f"{self._bare},{text},{final}".encode()
        client, server = _keys(self.password, salt, iterations)
        signature = _hmac(hashlib.sha256(client).digest(), signed)
        self._expected = _hmac(server, signed)
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        return f"{final},p={_b64(proof)}".encode()

    def confirm(self, ending: bytes) -> None:
        """Hold that the server knows the password's verifier too; raise `Refused` if it does not."""
        wanted = f"v={_b64(self._expected)}".encode()
        if not self._expected or not hmac.compare_digest(ending.split(b",")[0], wanted):
            raise Refused(
                "the database server could not prove that it knows the password's verifier",
                hint="Something else may stand at that address; look before trying again.",
            )

    @property
    def _bare(self) -> str:
        return f"n=,r={self.nonce}"


def _keys(password: SecretStr, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """Return ClientKey and ServerKey."""
    raw = prepare(password.get_secret_value())
    salted = hashlib.pbkdf2_hmac("sha256", raw, salt, iterations)
    return _hmac(salted, b"Client Key"), _hmac(salted, b"Server Key")


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
