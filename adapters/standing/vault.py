"""The vault's item: what it holds, and what it held before."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.standing.sighting import Fingerprint, Sighting, moment, unseen
from adapters.vaultwarden import VaultwardenLocation, VaultwardenSettings
from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.cipher import entry_prefix
from adapters.vaultwarden.item import NOTES, PASSWORD, Item
from adapters.vaultwarden.location import check_field, require_item
from adapters.vaultwarden.vault import read_vault
from engine.standing import Place, Standing

NAME = "Vaultwarden"


def look(settings: VaultwardenSettings, at: VaultwardenLocation, name: Fingerprint) -> Sighting:
    """Return where the item stands; unknown if it is not plainly the one, or holds nothing."""
    try:
        with open_api(settings) as api:
            item = require_item(read_vault(api, settings), at)
        check_field(item, at, create=False)
        value, before = item.read(at.field), _before(item, at.field)
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        failed = error
    else:
        return _told(item, value, before, name)
    return Sighting((unseen(Place.VAULT, NAME, failed),))


def _told(
    item: Item, value: SecretStr | None, before: SecretStr | None, name: Fingerprint
) -> Sighting:
    if value is None:
        nothing = Standing(Place.VAULT, NAME, unknown=f"{item} holds nothing there")
        return Sighting((nothing,))
    seen = {name(each): each for each in (value, before) if each is not None}
    told = Standing(
        Place.VAULT,
        NAME,
        name(value),
        before=name(before) if before is not None else "",
        since=moment(item.revision),
        note=str(item),
    )
    return Sighting((told,), seen)


def _before(item: Item, field: str) -> SecretStr | None:
    """Return the newest entry of the item's history that is about this field."""
    prefix = entry_prefix(field)
    others = tuple(f"{name}: " for name in (*item.field_names(), NOTES) if name != PASSWORD)
    for entry in item.history():
        text = entry.get_secret_value()
        if text.startswith(prefix) if prefix else not text.startswith(others):
            return SecretStr(text.removeprefix(prefix))
    return None
