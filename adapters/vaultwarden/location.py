"""Where a value stands in the vault, as people name it, and finding that one place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic import Field

from adapters.vaultwarden.item import PASSWORD, Item
from adapters.vaultwarden.vault import Collection, Vault
from engine.errors import Refused
from engine.step import Frozen

MOST_NAMES = 5


class VaultwardenLocation(Frozen):
    """One field of one item in one collection; names count letter by letter."""

    collection: str = Field(min_length=1, description="Name of the collection.")
    item: str = Field(min_length=1, description="Name of the item.")
    item_id: str | None = Field(
        None, description="Id of the item, where its name alone is not unique."
    )
    field: str = Field(
        PASSWORD,
        min_length=1,
        description="`password`, `notes`, or the name of a custom field.",
    )
    username: str | None = Field(
        None, description="User name for an item that is created; others keep theirs."
    )

    def __str__(self) -> str:
        return f"{self.collection} / {self.item} / {self.field}"


def find_collection(vault: Vault, at: VaultwardenLocation) -> Collection:
    """Return the collection; raise `Refused` if it is not there exactly once."""
    found = [collection for collection in vault.collections if collection.name == at.collection]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(collection.id for collection in found)
        raise Refused(
            f"{len(found)} collections are named {at.collection!r}: {ids}",
            hint="Rename one of them.",
        )
    names = [collection.name for collection in vault.collections]
    hidden = ", ".join(vault.hidden[:MOST_NAMES])
    raise Refused(
        f"there is no collection {at.collection!r} that our account can see"
        + (f"; the names of these cannot be read: {hidden}" if hidden else ""),
        hint=_near(at.collection, names)
        or f"It sees: {', '.join(sorted(names)[:MOST_NAMES]) or 'none'}. Assign it to our account.",
    )


def find_item(vault: Vault, at: VaultwardenLocation) -> Item | None:
    """Return the item; None if there is none; raise `Refused` if it is not plainly the one."""
    collection = find_collection(vault, at)
    inside = [item for item in vault.items if collection.id in item.collections]
    if at.item_id is not None:
        return _by_id(inside, at, at.item_id)
    found = [item for item in inside if item.name == at.item]
    if len(found) > 1:
        ids = ", ".join(sorted(item.id for item in found))
        raise Refused(
            f"{len(found)} items in {at.collection!r} are named {at.item!r}: {ids}",
            hint="Rename or delete one of them, or name the right one by `item_id`.",
        )
    if not found and vault.unreadable:
        raise Refused(
            f"there is no readable item {at.item!r}, and {len(vault.unreadable)} items cannot be "
            f"read, one of which it may be: {', '.join(each.id for each in vault.unreadable[:MOST_NAMES])}",
            hint="Open these items in a Bitwarden client; delete or save them anew.",
        )
    return found[0] if found else None


def require_item(vault: Vault, at: VaultwardenLocation) -> Item:
    """Return the item; raise `Refused` with similar names if there is none."""
    item = find_item(vault, at)
    if item is not None:
        return item
    collection = find_collection(vault, at)
    elsewhere = [other for other in vault.items if other.name == at.item]
    if elsewhere:
        homes = {c.id: c.name for c in vault.collections}
        names = sorted({homes.get(home, home) for item in elsewhere for home in item.collections})
        hint = f"It is in {', '.join(names)}."
    else:
        names = [other.name for other in vault.items if collection.id in other.collections]
        hint = _near(at.item, names) or "Create it there, or say `create: true`."
    raise Refused(f"there is no item {at.item!r} in collection {at.collection!r}", hint=hint)


def check_field(item: Item, at: VaultwardenLocation, *, create: bool) -> None:
    """Raise `Refused` if the item has no such field and none may be added."""
    if item.is_login or at.field != PASSWORD:
        if create or at.field in item.field_names():
            return
        raise Refused(
            f"{item} has no field {at.field!r}",
            hint=_near(at.field, item.field_names()) or "Add it, or say `create: true`.",
        )
    item.read(PASSWORD)  # says why there is none


def _by_id(inside: Iterable[Item], at: VaultwardenLocation, wanted: str) -> Item:
    item = next((item for item in inside if item.id == wanted), None)
    if item is None:
        raise Refused(
            f"there is no item with the id {wanted} in collection {at.collection!r}",
            hint="It may be in the trash or in another collection; correct `item_id`.",
        )
    if item.name != at.item:
        raise Refused(
            f"item {wanted} is named {item.name!r}, not {at.item!r}",
            hint="Correct `item` or `item_id`; both must name the same one.",
        )
    return item


def _near(wanted: str, names: Iterable[str]) -> str:
    """Ask about names that a person may have meant; case alone makes a name a near one."""
    by_folded = {name.casefold().strip(): name for name in names}
    close = difflib.get_close_matches(wanted.casefold().strip(), by_folded, n=3)
    quoted = " or ".join(f"`{by_folded[name]}`" for name in close)
    return f"Did you mean {quoted}?" if quoted else ""
