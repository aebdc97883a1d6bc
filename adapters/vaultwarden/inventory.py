"""Everything the vault holds, in one look: what a comparison of the stores starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.item import NOTES, PASSWORD, Item
from adapters.vaultwarden.settings import VaultwardenSettings
from adapters.vaultwarden.vault import read_vault
from engine.errors import Refused


@dataclass(frozen=True)
class Mirrored:
    """One item as one collection shows it."""

    collection: str
    """Name; an item in two collections is told twice."""
    item: str
    """Id."""
    name: str
    fields: Mapping[str, SecretStr]
    """Value by field: `password`, `notes` and the custom ones; empty ones are left out."""
    revision: str
    password_changed: str
    """When its password last changed, where the client that changed it said so; else `revision`."""
    faults: Mapping[str, str]
    """By field, what could not be read, and why, in one sentence."""
    nameless: str = ""
    """Why the custom fields cannot be told apart, where the name of one cannot be read."""

    def fault(self, field: str) -> str:
        """Return why a field cannot be read; empty where it can, or is not there."""
        if field not in self.fields and field not in {PASSWORD, NOTES} and self.nameless:
            return self.nameless
        return self.faults.get(field, "")


@dataclass(frozen=True)
class Inventory:
    """The organisation as our account sees it."""

    items: tuple[Mirrored, ...]
    collections: frozenset[str]
    """Names of all whose passwords our account may read."""
    unreadable: Mapping[str, tuple[str, ...]]
    """By id, the collections of each item whose very name cannot be read, as far as those have one."""


def read_inventory(settings: VaultwardenSettings) -> Inventory:
    """Return every item that is not in the trash, and what may be missing, from a single sync.

    Raises `Refused` and `Transient` as every look does.
    """
    with open_api(settings) as api:
        vault = read_vault(api, settings)
    homes = {collection.id: collection.name for collection in vault.collections}
    items = tuple(
        _told(item, homes[home])
        for item in vault.items
        for home in item.collections
        if home in homes
    )
    readable = (each.name for each in vault.collections if not each.hides_passwords)
    nameless = {
        each.id: tuple(homes[home] for home in each.collections if home in homes)
        for each in vault.unreadable
    }
    return Inventory(items, frozenset(readable), nameless)


def read_all(settings: VaultwardenSettings) -> tuple[Mirrored, ...]:
    """Return every item of the organisation that is not in the trash, from a single sync.

    Raises `Refused` and `Transient` as every look does. An item whose very name cannot be read is
    left out; `check` counts those.
    """
    return read_inventory(settings).items


def _told(item: Item, collection: str) -> Mirrored:
    fields: dict[str, SecretStr] = {}
    faults: dict[str, str] = {}
    names, nameless = _fields(item)
    for name in names:
        try:
            value = item.read(name)
        except Refused as error:
            faults[name] = error.message
        else:
            if value is not None:
                fields[name] = value
    changed = item.password_changed
    return Mirrored(
        collection, item.id, item.name, fields, item.revision, changed, faults, nameless
    )


def _fields(item: Item) -> tuple[tuple[str, ...], str]:
    """Name the fields of an item, and why there may be more of them."""
    try:
        return item.field_names(), ""
    except Refused as error:
        return ((PASSWORD, NOTES) if item.is_login else (NOTES,)), error.message
