"""From the master password to the key that opens the account, within limits we set ourselves.

The parameters come from the server. Too weak ones are how a hostile server would make guessing
cheap, too strong ones how it would stop this machine; both are refused before any work is done.
Ranges as Bitwarden's clients have them, but PBKDF2 from 100,000 as Vaultwarden 1.37.2 demands.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pydantic import SecretStr

from adapters.vaultwarden.crypto import SymmetricKey
from engine.errors import Refused

PBKDF2, ARGON2ID = 0, 1
PBKDF2_ITERATIONS = range(100_000, 2_000_001)
ARGON2_ITERATIONS = range(2, 11)
ARGON2_MEMORY = range(15, 1025)
"""MiB."""
ARGON2_PARALLELISM = range(1, 17)
MASTER_KEY_BYTES = 32


@dataclass(frozen=True)
class Kdf:
    """How a master key is derived."""

    kind: int
    iterations: int
    memory: int = 0
    """MiB; Argon2id only."""
    parallelism: int = 0


def parse_kdf(kind: Any, iterations: Any, memory: Any, parallelism: Any) -> Kdf:
    """Return the parameters a server gave; raise `Refused` if they are not sane."""
    match kind:
        case 0 if isinstance(iterations, int):
            _check("PBKDF2 iterations", iterations, PBKDF2_ITERATIONS)
            return Kdf(PBKDF2, iterations)
        case 1 if all(isinstance(n, int) for n in (iterations, memory, parallelism)):
            _check("Argon2id iterations", iterations, ARGON2_ITERATIONS)
            _check("Argon2id memory in MiB", memory, ARGON2_MEMORY)
            _check("Argon2id parallelism", parallelism, ARGON2_PARALLELISM)
            return Kdf(ARGON2ID, iterations, memory, parallelism)
    raise Refused(
        "the vaultwarden account uses a key derivation that is neither PBKDF2 nor Argon2id",
        hint="Choose one of the two in the account's security settings.",
    )


def derive_master_key(kdf: Kdf, password: SecretStr, email: str) -> bytes:
    """Return the 32-byte master key."""
    salt = email.strip().lower().encode()
    if kdf.kind == PBKDF2:
        return hashlib.pbkdf2_hmac(
            "sha256",
            password.get_secret_value().encode(),
            salt,
            kdf.iterations,
            dklen=MASTER_KEY_BYTES,
        )
    return hash_secret_raw(
        password.get_secret_value().encode(),
        hashlib.sha256(salt).digest(),
        time_cost=kdf.iterations,
        memory_cost=kdf.memory * 1024,
        parallelism=kdf.parallelism,
        hash_len=MASTER_KEY_BYTES,
        type=Type.ID,
    )


def stretch(master_key: bytes) -> SymmetricKey:
    """Return the key that wraps the user key: HKDF-Expand with `enc` and `mac`, no Extract."""
    encryption, authentication = (
        HKDFExpand(hashes.SHA256(), 32, info).derive(master_key) for info in (b"enc", b"mac")
    )
    return SymmetricKey(encryption, authentication)


def _check(what: str, given: int, allowed: range) -> None:
    if given in allowed:
        return
    weakness = "weak" if given < allowed.start else "strong"
    raise Refused(
        f"the vaultwarden account's key derivation is too {weakness}: {what} is {given}, "
        f"not {allowed.start} to {allowed.stop - 1}",
        hint="Change it in the account's security settings; if nobody set it so, distrust "
        "the server.",
    )
