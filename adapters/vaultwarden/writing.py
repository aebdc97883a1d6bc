"""Changing one value of one item so that nobody else's change is lost, and reading it back.

The server's own check of revisions has two seconds of grace and no transaction, so each write is
preceded by a look at the very item and followed by another.
"""

from __future__ import annotations

from pydantic import SecretStr

from adapters.vaultwarden.api import Api, Stale
from adapters.vaultwarden.cipher import changed, created
from adapters.vaultwarden.item import Item, open_item, same
from adapters.vaultwarden.location import VaultwardenLocation, find_collection
from adapters.vaultwarden.vault import Vault
from adapters.vaultwarden.wire import text
from engine.errors import NotConverged, Refused, Transient

ATTEMPTS = 2


def write(api: Api, vault: Vault, item: Item, name: str, value: SecretStr | None) -> Item:
    """Set one field, or empty it, and return the item as read back; equal values are not rewritten.

    Raises `Refused` if the field no longer holds what `item` says or may not be changed,
    `Transient` if the item kept changing elsewhere, `NotConverged` if it reads back differently.
    """
    if not item.editable:
        raise Refused(
            f"our account may read {item} and not change it",
            hint="Give the machine account write access to the collection.",
        )
    for _ in range(ATTEMPTS):
        fresh = _fetch(api, vault, item.id)
        if _equal(fresh.read(name), value):
            return fresh
        if not _equal(fresh.read(name), item.read(name)):
            raise Refused(
                f"{name!r} of {item} was changed by somebody else just now; nothing was written",
                hint="Find out who changed it and why, then retry or roll back.",
            )
        try:
            api.put(f"/api/ciphers/{item.id}", changed(fresh, vault.user, name, value), "store it")
        except Stale:
            continue
        return _read_back(api, vault, item.id, name, value)
    raise Transient(f"{item} changed each time it was about to be written")


def create(api: Api, vault: Vault, at: VaultwardenLocation, value: SecretStr, run: str) -> Item:
    """Create the item with the value in it, marked with the run, and return it as read back."""
    collection = find_collection(vault, at)
    body = created(vault, at, collection.id, value, run)
    made = api.post("/api/ciphers/create", body, f"create an item in {at.collection!r}")
    return _read_back(api, vault, text(made, "id"), at.field, value)


def trash(api: Api, item: Item) -> None:
    """Move the item to the trash, from where a person can bring it back."""
    api.put(f"/api/ciphers/{item.id}/delete", {}, "move it to the trash")


def _fetch(api: Api, vault: Vault, identity: str) -> Item:
    raw = api.get(f"/api/ciphers/{identity}", "read the item")
    if raw.get("deletedDate"):
        raise Refused(
            f"item {identity} was moved to the trash just now",
            hint="Restore it if that was a mistake.",
        )
    return open_item(raw, vault.key)


def _read_back(api: Api, vault: Vault, identity: str, name: str, value: SecretStr | None) -> Item:
    item = _fetch(api, vault, identity)
    if _equal(item.read(name), value):
        return item
    raise NotConverged(
        f"vaultwarden took the new value of {name!r} of {item} and gives back another",
        hint="Somebody may be writing to the item at the same time.",
    )


def _equal(one: SecretStr | None, other: SecretStr | None) -> bool:
    if one is None or other is None:
        return one is other
    return same(one, other)
