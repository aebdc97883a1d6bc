"""Everything the vault holds, in one look: what a comparison of the stores starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.item import Item
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
    faults: tuple[str, ...]
    """What could not be read, and why, each in one sentence."""


def read_all(settings: VaultwardenSettings) -> tuple[Mirrored, ...]:
    """Return every item of the organisation that is not in the trash, from a single sync.

    Raises `Refused` and `Transient` as every look does. An item whose very name cannot be read is
    left out; `check` counts those.
    """
    with open_api(settings) as api:
        vault = read_vault(api, settings)
    homes = {collection.id: collection.name for collection in vault.collections}
    return tuple(
        _told(item, homes[home])
        for item in vault.items
        for home in item.collections
        if home in homes
    )


def _told(item: Item, collection: str) -> Mirrored:
    fields: dict[str, SecretStr] = {}
    faults: list[str] = []
    for name in item.field_names():
        try:
            value = item.read(name)
        except Refused as error:
            faults.append(error.message)
        else:
            if value is not None:
                fields[name] = value
    return Mirrored(collection, item.id, item.name, fields, item.revision, tuple(faults))
