"""One look at everything our account may see in the organisation, with its names in clear.

`/api/sync` is what a plain member may ask (Vaultwarden 1.37.2, ciphers.rs). It holds trashed items
too; they are left out here, once and for all.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from adapters.vaultwarden.api import Api
from adapters.vaultwarden.crypto import SymmetricKey, decrypt_text
from adapters.vaultwarden.item import Item, open_item
from adapters.vaultwarden.settings import VaultwardenSettings
from adapters.vaultwarden.wire import Record, records, text, texts
from engine.errors import Refused

SYNC = "/api/sync?excludeDomains=true"


@dataclass(frozen=True)
class Collection:
    """A collection and what we may do in it."""

    id: str
    name: str
    read_only: bool
    hides_passwords: bool


@dataclass(frozen=True)
class Nameless:
    """An item whose name cannot be decrypted: made by a broken or a too new client."""

    id: str
    collections: tuple[str, ...]
    """Ids."""


@dataclass(frozen=True)
class Vault:
    """The organisation as our account sees it at one moment."""

    user: str
    """Id of our account."""
    organisation: str
    key: SymmetricKey
    collections: tuple[Collection, ...]
    """All whose name can be decrypted."""
    items: tuple[Item, ...]
    """Every item that is not in the trash."""
    unreadable: tuple[Nameless, ...] = field(default=())
    hidden: tuple[str, ...] = field(default=())
    """Ids of collections whose name cannot be decrypted."""


def read_vault(api: Api, settings: VaultwardenSettings) -> Vault:
    """Return the organisation now; raise `Refused` if it is not there, or not under its key."""
    sync = api.get(SYNC, "read the vault")
    profile = sync.get("profile")
    if not isinstance(profile, dict):
        raise Refused("vaultwarden answered a sync without a profile")
    key = _organisation_key(api, settings, profile)
    ours = [
        raw
        for raw in records(sync, "ciphers")
        if raw.get("organizationId") == settings.organisation and not raw.get("deletedDate")
    ]
    items, unreadable = [], []
    for raw in ours:
        try:
            items.append(open_item(raw, key))
        except Refused:
            unreadable.append(Nameless(text(raw, "id"), texts(raw, "collectionIds")))
    collections, hidden = _collections(sync, settings, key)
    return Vault(
        user=text(profile, "id"),
        organisation=settings.organisation,
        key=key,
        collections=collections,
        items=tuple(items),
        unreadable=tuple(unreadable),
        hidden=hidden,
    )


def _collections(
    sync: Record, settings: VaultwardenSettings, key: SymmetricKey
) -> tuple[tuple[Collection, ...], tuple[str, ...]]:
    """Return the collections, and the ids of those whose name cannot be decrypted."""
    found, hidden = [], []
    for raw in records(sync, "collections"):
        if raw.get("organizationId") != settings.organisation:
            continue
        try:
            found.append(_collection(raw, key))
        except Refused:
            hidden.append(text(raw, "id"))
    return tuple(found), tuple(hidden)


def _organisation_key(api: Api, settings: VaultwardenSettings, profile: Record) -> SymmetricKey:
    organisation = _organisation(settings, records(profile, "organizations"))
    key = api.session().unwrap(text(organisation, "key"), "the organisation's key")
    pin = settings.org_key_pin
    if pin and not hmac.compare_digest(pin.strip().lower().encode(), key.pin.encode()):
        raise Refused(
            f"the key of organisation {settings.organisation} is not the pinned one: "
            f"it is {key.pin[:12]}…, not {pin.strip().lower()[:12]}…",
            hint="Nothing was sent. If the key was rotated on purpose, set vaultwarden.org_key_pin "
            "anew; otherwise distrust the server.",
        )
    return key


def _organisation(settings: VaultwardenSettings, visible: tuple[Record, ...]) -> Record:
    found = next((raw for raw in visible if raw.get("id") == settings.organisation), None)
    if found is not None and found.get("enabled", True) and found.get("key"):
        return found
    if found is not None:
        raise Refused(
            f"our membership in organisation {settings.organisation} is not usable",
            hint="An administrator must confirm the machine account in the organisation.",
        )
    seen = ", ".join(f"{raw.get('name')} ({raw.get('id')})" for raw in visible) or "none"
    raise Refused(
        f"our account is not in organisation {settings.organisation}; it sees {seen}",
        hint="Check vaultwarden.organisation, or invite and confirm the machine account.",
    )


def _collection(raw: Record, key: SymmetricKey) -> Collection:
    identity = text(raw, "id")
    return Collection(
        id=identity,
        name=decrypt_text(key, text(raw, "name"), f"the name of collection {identity}"),
        read_only=raw.get("readOnly") is True,
        hides_passwords=raw.get("hidePasswords") is True,
    )
