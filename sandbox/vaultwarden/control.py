"""The double as a test sees it: items in clear, and what people do to them behind our back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.placement import STAFF, Item
from sandbox.vaultwarden import crypto
from sandbox.vaultwarden.api import VaultwardenApi
from sandbox.vaultwarden.seed import MACHINE_EMAIL, VaultOptions, add_item, seed_vault
from sandbox.vaultwarden.shapes import wire_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.keys import Credentials
    from sandbox.vaultwarden.accounts import Account
    from sandbox.vaultwarden.vault import StoredCipher, Vault


class Vaultwarden:
    """A seeded vault, its API, and the hands of its people."""

    def __init__(
        self,
        clock: Clock,
        options: VaultOptions,
        values: Mapping[str, str],
        credentials: Credentials,
    ) -> None:
        self.clock = clock
        self.vault: Vault = seed_vault(clock, options, values, credentials)
        self.answer = VaultwardenApi(self.vault).answer

    @property
    def machine(self) -> Account:
        """The account of the engine."""
        account = self.vault.account_by_email(MACHINE_EMAIL)
        assert account is not None
        return account

    @property
    def client_id(self) -> str:
        """The engine's API client id."""
        return f"user.{self.machine.user_id}"

    def collection_ids(self) -> dict[str, str]:
        """Return the collection ids by name."""
        return {c.name: c.collection_id for c in self.vault.collections.values()}

    def disabled(self) -> list[str]:
        """Return the addresses of the accounts that are shut."""
        with self.vault.lock:
            return sorted(a.email for a in self.vault.accounts.values() if not a.enabled)

    def names(self) -> list[str]:
        """Return the names of the live items."""
        with self.vault.lock:
            live = [c for c in self.vault.ciphers.values() if c.deleted_at is None]
            return [self._open(cipher, cipher.name) for cipher in live]

    def counts(self) -> dict[str, int]:
        """Return how often the API was used, by kind; `writes` is the sum of all changes."""
        with self.vault.lock:
            return {"writes": 0, **self.vault.counts}

    @property
    def writes(self) -> int:
        """How many changes came in over the API."""
        return self.counts()["writes"]

    def cipher(self, name: str) -> StoredCipher:
        """Return the only live item of this name; raise `LookupError` otherwise."""
        found = self.ciphers(name)
        if len(found) != 1:
            message = f"{len(found)} live items are named {name!r}, not 1"
            raise LookupError(message)
        return found[0]

    def ciphers(self, name: str) -> list[StoredCipher]:
        """Return every live item of this name."""
        with self.vault.lock:
            live = [c for c in self.vault.ciphers.values() if c.deleted_at is None]
            return [cipher for cipher in live if self._open(cipher, cipher.name) == name]

    def value(self, name: str) -> str:
        """Return the password of an item in clear."""
        with self.vault.lock:
            return self.open_password(self.cipher(name))

    def open_password(self, cipher: StoredCipher) -> str:
        """Return the password of a cipher in clear, or nothing when its key was lost."""
        return self._open(cipher, cipher.data["password"])

    def notes(self, name: str) -> str | None:
        """Return the notes of an item in clear."""
        with self.vault.lock:
            cipher = self.cipher(name)
            return None if cipher.notes is None else self._open(cipher, cipher.notes)

    def fields(self, name: str) -> dict[str, str]:
        """Return the custom fields of an item in clear."""
        with self.vault.lock:
            cipher = self.cipher(name)
            return {
                self._open(cipher, field["name"]): self._open(cipher, field["value"])
                for field in cipher.fields or []
            }

    def history(self, name: str) -> list[str]:
        """Return the former passwords of an item in clear, newest first."""
        with self.vault.lock:
            cipher = self.cipher(name)
            return [self._open(cipher, old["password"]) for old in cipher.password_history or []]

    def edit_as_human(self, name: str, value: str) -> None:
        """Change the password of an item as a person in the web vault does, with its history."""
        with self.vault.lock:
            cipher, now = self.cipher(name), self.clock.now()
            old = {"password": cipher.data["password"], "lastUsedDate": wire_time(now)}
            cipher.password_history = [old, *(cipher.password_history or [])][:5]
            sealed = crypto.encrypt(self._key(cipher), value.encode())
            revised = {"password": sealed, "passwordRevisionDate": wire_time(now)}
            cipher.data = {**cipher.data, **revised}
            cipher.updated_at = now

    def note_as_human(self, name: str, text: str) -> None:
        """Change the notes of an item as a person in the web vault does."""
        with self.vault.lock:
            cipher = self.cipher(name)
            cipher.notes = crypto.encrypt(self._key(cipher), text.encode())
            cipher.updated_at = self.clock.now()

    def add_duplicate(self, name: str) -> str:
        """Add a second live item of the same name and return its id."""
        with self.vault.lock:
            value = self._open(self.ciphers(name)[0], self.ciphers(name)[0].data["password"])
            item = Item(name, "a duplicate", STAFF, "duplicate", "https://example.com")
            return add_item(self.vault, item, value).cipher_id

    def set_read_only(self, collection: str, read_only: bool = True) -> None:
        """Let plain members only read a collection, or write again."""
        with self.vault.lock:
            key = self.collection_ids()[collection]
            self.vault.collections[key].read_only = read_only

    def end_sessions(self) -> None:
        """Make every access token of the engine worthless, as `deauth` on the admin page does."""
        with self.vault.lock:
            self.machine.log_out_everywhere()

    def _key(self, cipher: StoredCipher) -> bytes:
        if cipher.key is None:
            return self.vault.organization_key
        return crypto.decrypt(self.vault.organization_key, cipher.key)

    def _open(self, cipher: StoredCipher, text: str) -> str:
        try:
            return crypto.decrypt(self._key(cipher), text).decode()
        except ValueError:
            return ""  # an item whose key was lost reads as nothing, for its people too
