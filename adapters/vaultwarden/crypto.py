"""EncStrings: Bitwarden's encrypted texts, of the two types that are authenticated and in use.

Type 2 is `2.<iv>|<ciphertext>|<mac>`, AES-256-CBC with PKCS #7 and HMAC-SHA256 over iv and
ciphertext; type 4 is `4.<ciphertext>`, RSA-OAEP with SHA-1. All parts are base64. Anything else is
refused: type 0 has no MAC, the others are not written by any client we have to live with.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from engine.errors import Refused

KEY_BYTES = 64
IV_BYTES = 16
MAC_BYTES = 32
SYMMETRIC, ASYMMETRIC = "2", "4"


class WrongKey(Refused):
    """The MAC does not fit: another key made this, or somebody changed it."""


@dataclass(frozen=True)
class SymmetricKey:
    """A user, organisation or cipher key: 32 bytes to encrypt and 32 to authenticate."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> SymmetricKey:
        """Split 64 bytes; raise `Refused` for any other length."""
        if len(raw) != KEY_BYTES:
            raise Refused(f"a vaultwarden key has {len(raw)} bytes, not {KEY_BYTES}")
        return cls(raw[:32], raw[32:])

    @property
    def pin(self) -> str:
        """Return the SHA-256 of the key in hex; it tells keys apart and opens nothing."""
        return hashlib.sha256(self.encryption + self.authentication).hexdigest()


def encrypt(key: SymmetricKey, clear: str) -> str:
    """Return `clear` as an EncString of type 2, different each time."""
    iv = secrets.token_bytes(IV_BYTES)
    padder = padding.PKCS7(algorithms.AES.block_size).padder()
    encryptor = Cipher(algorithms.AES(key.encryption), modes.CBC(iv)).encryptor()
    padded = padder.update(clear.encode()) + padder.finalize()
    body = encryptor.update(padded) + encryptor.finalize()
    parts = (iv, body, _mac(key, iv + body))
    return f"{SYMMETRIC}." + "|".join(b64encode(part).decode() for part in parts)


def decrypt(key: SymmetricKey, text: str, what: str) -> bytes:
    """Return the bytes in an EncString of type 2; `what` names it in errors.

    The MAC is judged first and in constant time. Raises `WrongKey` if it does not fit, `Refused`
    for a text that is no EncString or of another type.
    """
    parts = _parts(text, SYMMETRIC, what)
    if [len(parts), *map(len, parts[::2])] != [3, IV_BYTES, MAC_BYTES]:
        raise _malformed(what)
    iv, body, mac = parts
    if not hmac.compare_digest(mac, _mac(key, iv + body)):
        raise WrongKey(f"{what} was not encrypted under the expected key, or was changed since")
    unpadder = padding.PKCS7(algorithms.AES.block_size).unpadder()
    try:
        decryptor = Cipher(algorithms.AES(key.encryption), modes.CBC(iv)).decryptor()
        padded = decryptor.update(body) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        pass
    raise _malformed(what)


def decrypt_text(key: SymmetricKey, text: str, what: str) -> str:
    """Return the text in an EncString of type 2; raise as `decrypt` does."""
    try:
        return decrypt(key, text, what).decode()
    except UnicodeDecodeError:  # it holds the bytes
        pass
    raise Refused(f"{what} is not text")


def decrypt_wrapped(private: RSAPrivateKey, text: str, what: str) -> bytes:
    """Return the bytes in an EncString of type 4; raise as `decrypt` does."""
    parts = _parts(text, ASYMMETRIC, what)
    if len(parts) != 1:
        raise _malformed(what)
    oaep = rsa_padding.OAEP(
        mgf=rsa_padding.MGF1(hashes.SHA1()),  # noqa: S303 - the protocol's choice, sound in OAEP
        algorithm=hashes.SHA1(),  # noqa: S303 - see above
        label=None,
    )
    try:
        return private.decrypt(parts[0], oaep)
    except ValueError:
        pass
    raise WrongKey(f"{what} was not encrypted to our account")


def load_private_key(der: bytes) -> RSAPrivateKey:
    """Return the account's RSA key from PKCS #8; raise `Refused` if it is none."""
    try:
        key = serialization.load_der_private_key(der, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Refused("the private key of our vaultwarden account is no RSA key")
    return key


def _parts(text: str, wanted: str, what: str) -> tuple[bytes, ...]:
    kind, dot, rest = text.partition(".")
    if not dot or not kind.isdecimal():
        raise _malformed(what)
    if kind != wanted:
        raise Refused(
            f"{what} is encrypted in type {kind[:3]}, and only type {wanted} is accepted there",
            hint="Save the item once more with a current Bitwarden client.",
        )
    try:
        return tuple(b64decode(part, validate=True) for part in rest.split("|"))
    except binascii.Error:
        pass
    raise _malformed(what)


def _mac(key: SymmetricKey, data: bytes) -> bytes:
    return hmac.new(key.authentication, data, hashlib.sha256).digest()


def _malformed(what: str) -> Refused:
    return Refused(f"{what} is not an encrypted text as Bitwarden writes it")
