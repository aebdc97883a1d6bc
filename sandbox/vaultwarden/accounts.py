"""People and machines with an account: what the server stores of them."""

from __future__ import annotations

import secrets
import uuid
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization

from sandbox.rsa import rsa_key
from sandbox.values import letters
from sandbox.vaultwarden import crypto

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from sandbox.vaultwarden.crypto import Kdf

OWNER, ADMIN, USER = 0, 1, 2
"""Membership types of an organisation."""


@dataclass
class Account:
    """One account as the server stores it; the master password itself is not in it."""

    user_id: str
    name: str
    email: str
    kdf: Kdf
    password_hash: str = field(repr=False)
    akey: str = field(repr=False)
    """The user key, wrapped by the stretched master key."""
    public_key: rsa.RSAPublicKey = field(repr=False)
    private_key: str = field(repr=False)
    """The RSA key, PKCS8 DER, encrypted under the user key."""
    membership: int
    api_key: str | None = field(default=None, repr=False)
    security_stamp: str = field(default_factory=lambda: str(uuid.uuid4()))
    enabled: bool = True
    devices: set[str] = field(default_factory=set)

    def public_key_text(self) -> str:
        """Return the public key as the API gives it: SPKI DER in base64."""
        der = self.public_key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b64encode(der).decode()

    def is_elevated(self) -> bool:
        """Tell whether the account is owner or administrator of the organisation."""
        return self.membership < USER

    def log_out_everywhere(self) -> None:
        """Forget every device and end every session; the API key stays as it is."""
        self.devices.clear()
        self.security_stamp = str(uuid.uuid4())


def register(name: str, email: str, password: str, kdf: Kdf, membership: int) -> Account:
    """Return a new account, as a client makes it at registration."""
    master_key = crypto.derive_master_key(kdf, password, email)
    user_key = secrets.token_bytes(64)
    private = rsa_key(name)
    der = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Account(
        user_id=str(uuid.uuid4()),
        name=name,
        email=email,
        kdf=kdf,
        password_hash=crypto.password_hash(master_key, password),
        akey=crypto.encrypt(crypto.stretch(master_key), user_key),
        public_key=private.public_key(),
        private_key=crypto.encrypt(user_key, der),
        membership=membership,
    )


def new_api_key() -> str:
    """Return a personal API key as the server makes it: 30 letters and digits."""
    return letters(30)
