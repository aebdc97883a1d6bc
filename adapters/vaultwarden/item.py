"""One item: its JSON as the server gave it, and what is in it under the key that opens it."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import SecretStr

from adapters.vaultwarden.crypto import SymmetricKey, decrypt, decrypt_text
from adapters.vaultwarden.wire import Record, optional_text, records, text, texts
from engine.errors import Refused

LOGIN = 1
"""Kind of an item that has user name and password."""
TEXT_FIELD, HIDDEN_FIELD = 0, 1
PASSWORD, NOTES = "password", "notes"


@dataclass(frozen=True)
class Item:
    """An item with its name in clear and all else still encrypted."""

    id: str
    name: str
    revision: str
    """When it last changed, exactly as the server writes it."""
    collections: tuple[str, ...]
    """Ids."""
    editable: bool
    key: SymmetricKey
    """Its own key where it has one, else the organisation's."""
    raw: Record = field(repr=False)

    def __str__(self) -> str:
        return f"item {self.name!r} ({self.id})"

    def read(self, name: str) -> SecretStr | None:
        """Return what a field holds; None if it is empty or not there."""
        if name == PASSWORD:
            return self._open(optional_text(self._login(), "password"), name)
        if name == NOTES:
            return self._open(optional_text(self.raw, "notes"), name)
        custom = self.custom_field(name)
        return self._open(optional_text(custom, "value"), name) if custom else None

    def holds(self, name: str, value: SecretStr) -> bool:
        """Tell in constant time whether a field holds `value`."""
        held = self.read(name)
        return held is not None and same(held, value)

    def custom_field(self, name: str) -> Record | None:
        """Return the text or hidden field of this name as it stands in the JSON."""
        found = [raw for label, raw in self._custom_fields() if label == name]
        if len(found) > 1:
            raise Refused(
                f"{self} has {len(found)} fields named {name!r}",
                hint="Rename or delete all but one of them.",
            )
        return found[0] if found else None

    def field_names(self) -> tuple[str, ...]:
        """Name every field that can hold a value, the custom ones in their order."""
        custom = dict.fromkeys(label for label, _ in self._custom_fields())
        return tuple(dict.fromkeys([*([PASSWORD] if self.is_login else []), NOTES, *custom]))

    def history(self) -> Iterator[SecretStr]:
        """Yield the entries of the password history, newest first; unreadable ones are skipped."""
        for entry in records(self.raw, "passwordHistory"):
            try:
                held = self._open(optional_text(entry, "password"), "history")
            except Refused:
                continue
            if held is not None:
                yield held

    @property
    def password_changed(self) -> str:
        """When the password last changed, as far as is said; else when anything of it did."""
        login = self.raw.get("login")
        said = optional_text(login, "passwordRevisionDate") if isinstance(login, dict) else None
        return said or self.revision

    @property
    def is_login(self) -> bool:
        """Whether it can hold a password at all."""
        return self.raw.get("type") == LOGIN

    def _login(self) -> Record:
        login = self.raw.get("login")
        if not self.is_login or not isinstance(login, dict):
            raise Refused(
                f"{self} is no login and has no password",
                hint="Name a custom field or `notes` as `field`, or make the item a login.",
            )
        return login

    def _custom_fields(self) -> Iterator[tuple[str, Record]]:
        for raw in records(self.raw, "fields"):
            label = optional_text(raw, "name")
            if label and raw.get("type") in {TEXT_FIELD, HIDDEN_FIELD}:
                yield decrypt_text(self.key, label, f"a field name of {self}"), raw

    def _open(self, encrypted: str | None, name: str) -> SecretStr | None:
        if encrypted is None:
            return None
        clear = SecretStr(decrypt_text(self.key, encrypted, f"{name!r} of {self}"))
        return clear if clear.get_secret_value() else None


def open_item(raw: Record, organisation_key: SymmetricKey) -> Item:
    """Return an item with its name decrypted; raise `Refused` if the key does not open it."""
    identity = text(raw, "id")
    wrapped = optional_text(raw, "key")
    key = organisation_key
    if wrapped is not None:
        key = SymmetricKey.parse(decrypt(key, wrapped, f"the key of item {identity}"))
    return Item(
        id=identity,
        name=decrypt_text(key, text(raw, "name"), f"the name of item {identity}"),
        revision=text(raw, "revisionDate"),
        collections=texts(raw, "collectionIds"),
        editable=raw.get("edit") is not False,
        key=key,
        raw=raw,
    )


def same(one: SecretStr, other: SecretStr) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.get_secret_value().encode(), other.get_secret_value().encode())
