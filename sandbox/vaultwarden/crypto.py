"""Bitwarden's encryption as the protocol defines it: key derivation and EncStrings 2 and 4."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_BLOCK_BITS = 128


@dataclass(frozen=True)
class Kdf:
    """How a master key is derived: kind 0 is PBKDF2, kind 1 is Argon2id with memory in MiB."""

    kind: int = 1
    iterations: int = 2
    memory: int | None = 16
    parallelism: int | None = 1

    @classmethod
    def pbkdf2(cls, iterations: int = 100_000) -> Kdf:
        """Return PBKDF2 parameters; the real server refuses fewer than 100,000 iterations."""
        return cls(0, iterations, None, None)


def derive_master_key(kdf: Kdf, password: str, email: str) -> bytes:
    """Return the 32-byte master key of an account."""
    salt = email.strip().lower().encode()
    if kdf.kind == 0:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, kdf.iterations)
    return hash_secret_raw(
        password.encode(),
        hashlib.sha256(salt).digest(),
        time_cost=kdf.iterations,
        memory_cost=(kdf.memory or 0) * 1024,
        parallelism=kdf.parallelism or 1,
        hash_len=32,
        type=Type.ID,
    )


def password_hash(master_key: bytes, password: str) -> str:
    """Return the hash that a client sends in place of its master password."""
    return b64encode(hashlib.pbkdf2_hmac("sha256", master_key, password.encode(), 1)).decode()


def stretch(master_key: bytes) -> bytes:
    """Return the 64-byte key that wraps the user key."""
    return b"".join(
        HKDFExpand(hashes.SHA256(), 32, info).derive(master_key) for info in (b"enc", b"mac")
    )


def encrypt(key: bytes, clear: bytes) -> str:
    """Return an EncString of type 2: AES-256-CBC, then HMAC-SHA256, under a 64-byte key."""
    iv = secrets.token_bytes(16)
    padder = padding.PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(algorithms.AES(key[:32]), modes.CBC(iv)).encryptor()
    body = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    return "2." + "|".join(b64encode(part).decode() for part in (iv, body, _mac(key, iv + body)))


def decrypt(key: bytes, text: str) -> bytes:
    """Return the cleartext of an EncString of type 2; raise `ValueError` if the MAC is wrong."""
    kind, _, rest = text.partition(".")
    parts = [b64decode(part) for part in rest.split("|")]
    if kind != "2" or len(parts) != 3:
        message = "not an encrypted string of type 2"
        raise ValueError(message)
    iv, body, mac = parts
    if not hmac.compare_digest(mac, _mac(key, iv + body)):
        message = "the encrypted string was made under another key"
        raise ValueError(message)
    decryptor = Cipher(algorithms.AES(key[:32]), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(_BLOCK_BITS).unpadder()
    padded = decryptor.update(body) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def encrypt_to(public_key: RSAPublicKey, clear: bytes) -> str:
    """Return an EncString of type 4: RSA-OAEP with SHA-1, as the protocol demands."""
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    return "4." + b64encode(public_key.encrypt(clear, oaep)).decode()


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key[32:], data, hashlib.sha256).digest()
