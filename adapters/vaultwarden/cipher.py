"""What is sent to the server: an item read a moment ago with one value changed, or a new item.

PUT replaces the whole item (Vaultwarden 1.37.2, ciphers.rs): what is left out is lost, and without
`key` the item can never be read again. So the JSON goes back as it came, untouched but for the one
value, its history, and what only the server may write. Attachments are left out: they stay.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from adapters.vaultwarden.crypto import SymmetricKey, encrypt
from adapters.vaultwarden.item import HIDDEN_FIELD, LOGIN, NOTES, PASSWORD, TEXT_FIELD, Item
from adapters.vaultwarden.location import VaultwardenLocation
from adapters.vaultwarden.vault import Vault
from adapters.vaultwarden.wire import Record, records

HISTORY_LENGTH = 5
"""As Bitwarden's own clients keep."""
LONGEST_HISTORY_ENTRY = 5000
"""Encrypted characters; Bitwarden's import and its other servers take no longer ones."""
ORIGIN = "created in run"
"""Name of the visible field that tells which run made an item."""

READ_ONLY = frozenset({
    "archivedDate", "attachments", "collectionIds", "creationDate", "data", "deletedDate", "edit",
    "object", "organizationUseTotp", "permissions", "revisionDate", "viewPassword",
})  # fmt: skip
"""What the server tells and does not take."""


def changed(item: Item, user: str, name: str, value: SecretStr | None) -> Record:
    """Return the body that sets one field of `item`, or empties it where `value` is None."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    body = {key: held for key, held in item.raw.items() if key not in READ_ONLY}
    if isinstance(body.get("login"), dict):
        body["login"] = {key: held for key, held in body["login"].items() if key != "uri"}
    encrypted = encrypt(item.key, value.get_secret_value()) if value else None
    body["passwordHistory"] = _history(item, name, now)
    body["lastKnownRevisionDate"] = item.revision
    body["encryptedFor"] = user
    if name == PASSWORD:
        body["login"] = {**body["login"], "password": encrypted, "passwordRevisionDate": now}
    elif name == NOTES:
        body["notes"] = encrypted
    else:
        body["fields"] = _fields(item, name, encrypted)
    return body


def created(
    vault: Vault, at: VaultwardenLocation, collection: str, value: SecretStr, run: str
) -> Record:
    """Return the body that creates a login holding `value`, marked with the run that made it."""
    key = vault.key

    def sealed(name: str) -> str | None:
        return encrypt(key, value.get_secret_value()) if at.field == name else None

    custom = [] if at.field in {PASSWORD, NOTES} else [_field(key, HIDDEN_FIELD, at.field, value)]
    cipher: Record = {
        "type": LOGIN,
        "organizationId": vault.organisation,
        "folderId": None,
        "favorite": False,
        "reprompt": 0,
        "name": encrypt(key, at.item),
        "notes": sealed(NOTES),
        "key": None,
        "login": {
            "username": encrypt(key, at.username) if at.username else None,
            "password": sealed(PASSWORD),
            "totp": None,
            "uris": None,
            "passwordRevisionDate": None,
        },
        "fields": [*custom, _field(key, TEXT_FIELD, ORIGIN, SecretStr(run))],
        "passwordHistory": None,
        "encryptedFor": vault.user,
    }
    return {"cipher": cipher, "collectionIds": [collection]}


def entry_prefix(name: str) -> str:
    """Return what a history entry about a field starts with; that of a password is bare."""
    return "" if name == PASSWORD else f"{name}: "


def _history(item: Item, name: str, now: str) -> list[Any] | None:
    """Return the history with the present value in front, where it has one that fits."""
    known = item.raw.get("passwordHistory")
    old = item.read(name)
    if old is None:
        return known if isinstance(known, list) else None
    encrypted = encrypt(item.key, entry_prefix(name) + old.get_secret_value())
    if len(encrypted) > LONGEST_HISTORY_ENTRY:
        return known if isinstance(known, list) else None
    entry = {"password": encrypted, "lastUsedDate": now}
    return [entry, *records(item.raw, "passwordHistory")][:HISTORY_LENGTH]


def _fields(item: Item, name: str, encrypted: str | None) -> list[Record]:
    target, all_fields = item.custom_field(name), records(item.raw, "fields")
    if target is None:
        added = {
            "type": HIDDEN_FIELD,
            "name": encrypt(item.key, name),
            "value": encrypted,
            "linkedId": None,
        }
        return [*all_fields, added]
    return [{**raw, "value": encrypted} if raw is target else raw for raw in all_fields]


def _field(key: SymmetricKey, kind: int, name: str, value: SecretStr) -> Record:
    return {
        "type": kind,
        "name": encrypt(key, name),
        "value": encrypt(key, value.get_secret_value()),
        "linkedId": None,
    }
