"""The vault as one look found it, asked for many values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.standing.sighting import Fingerprint, moment
from adapters.vaultwarden import Inventory, Mirrored, VaultwardenLocation
from adapters.vaultwarden.item import PASSWORD
from engine.drift import Held


@dataclass(frozen=True)
class Mirror:
    """Every item by collection and name."""

    inventory: Inventory
    items: Mapping[tuple[str, str], tuple[Mirrored, ...]]

    def held(self, at: VaultwardenLocation, name: Fingerprint) -> Held:
        """Return what the vault holds there; a look that cannot be sure says why."""
        if at.collection not in self.inventory.collections:
            return Held(unknown=f"our account cannot read collection {at.collection!r}")
        found = self.items.get((at.collection, at.item), ())
        if at.item_id is not None:
            found = tuple(item for item in found if item.item == at.item_id)
        if len(found) > 1:
            return Held(copies=len(found))
        if found:
            return _held(found[0], at.field, name)
        if self.inventory.unreadable:
            return Held(
                unknown=f"it may be one of {len(self.inventory.unreadable)} items that cannot be "
                "read"
            )
        return Held()

    def strangers(self, known: Iterable[VaultwardenLocation]) -> tuple[tuple[str, str], ...]:
        """Return collection and name of the items that no place names, where some place names one."""
        named = {(at.collection, at.item) for at in known}
        collections = {collection for collection, _ in named}
        return tuple(
            place for place in sorted(self.items) if place[0] in collections and place not in named
        )

    def nameless(self, known: Iterable[VaultwardenLocation]) -> tuple[str, ...]:
        """Return where there is an item whose name cannot be read, which may be any place's.

        One that is plainly in collections that no place names is left out.
        """
        named = {at.collection for at in known}
        return tuple(
            f"{' / '.join(sorted(named & set(homes)))} / item {item}" if homes else f"item {item}"
            for item, homes in sorted(self.inventory.unreadable.items())
            if not homes or named & set(homes)
        )


def mirror(inventory: Inventory) -> Mirror:
    """Return the vault's items, to be asked for by name."""
    items: dict[tuple[str, str], tuple[Mirrored, ...]] = {}
    for each in inventory.items:
        place = (each.collection, each.name)
        items[place] = (*items.get(place, ()), each)
    return Mirror(inventory, items)


def _held(item: Mirrored, field: str, name: Fingerprint) -> Held:
    if fault := item.fault(field):
        return Held(unknown=fault)
    value: SecretStr | None = item.fields.get(field)
    if value is None:
        return Held()
    changed = item.password_changed if field == PASSWORD else item.revision
    return Held(name(value), moment(changed))
