"""The server's database: accounts, one organisation, its collections, and the ciphers."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.clock import Clock
    from sandbox.vaultwarden.accounts import Account


@dataclass(frozen=True)
class Rates:
    """Sign-in limits: how many at once, and how many seconds until one more is allowed.

    Vaultwarden's own defaults are 10 and 60 for sign-in, 3 and 300 for the admin page.
    """

    login_burst: int = 1000
    login_seconds: float = 60
    admin_burst: int = 1000
    admin_seconds: float = 300


@dataclass
class Collection:
    """A collection and what the members of the organisation may do in it."""

    collection_id: str
    name: str
    """In clear, for the sandbox itself; on the wire it is encrypted."""
    encrypted_name: str
    read_only: bool = False
    """Whether plain members may not write; owners and administrators always may."""
    hide_passwords: bool = False


@dataclass
class StoredCipher:
    """One row of the server; every text in it is an EncString."""

    cipher_id: str
    organization_id: str | None
    collection_ids: list[str]
    created_at: datetime
    updated_at: datetime
    kind: int = 1
    deleted_at: datetime | None = None
    key: str | None = None
    name: str = ""
    notes: str | None = None
    fields: list[dict[str, Any]] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    """The part that belongs to the kind: the login of kind 1."""
    password_history: list[dict[str, Any]] | None = None
    reprompt: int = 0


@dataclass
class Vault:
    """Everything the server knows, behind one lock."""

    clock: Clock
    rates: Rates
    organization_id: str
    organization_name: str
    organization_key: bytes = field(repr=False)
    """Known to the sandbox only as a stand-in for the humans; the server's routes never use it."""
    admin_token: str = field(repr=False)
    sso_only: bool = True
    accounts: dict[str, Account] = field(default_factory=dict)
    wrapped_keys: dict[str, str] = field(default_factory=dict, repr=False)
    """The organisation's key for each member, by user id."""
    collections: dict[str, Collection] = field(default_factory=dict)
    ciphers: dict[str, StoredCipher] = field(default_factory=dict)
    token_key: bytes = field(default=b"", repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def account_by_email(self, email: str) -> Account | None:
        """Return the account of an address, whatever its case."""
        wanted = email.strip().lower()
        return next((a for a in self.accounts.values() if a.email == wanted), None)

    def may_write(self, account: Account, cipher: StoredCipher) -> bool:
        """Tell whether the account may change the cipher: a writable collection is enough."""
        if account.is_elevated():
            return True
        return any(not self.collections[key].read_only for key in cipher.collection_ids)

    def new_id(self) -> str:
        """Return a fresh id."""
        return str(uuid.uuid4())
