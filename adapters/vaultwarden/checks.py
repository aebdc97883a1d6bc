"""What can be found out before anything has happened."""

from __future__ import annotations

from adapters.shared.http import client, send
from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.location import (
    VaultwardenLocation,
    check_field,
    find_collection,
    find_item,
    require_item,
)
from adapters.vaultwarden.models import At, Place
from adapters.vaultwarden.settings import VaultwardenSettings, safe_url
from adapters.vaultwarden.vault import Collection, Vault, read_vault
from adapters.vaultwarden.wire import WHAT, optional_text, record_of
from engine.errors import Refused


def check(settings: VaultwardenSettings) -> str:
    """Return one sentence about server and account; raise `Refused` or `Transient` if it is not so."""
    version = _version(settings)
    with open_api(settings) as api:
        vault = read_vault(api, settings)
    unreadable = f" ({len(vault.unreadable)} more unreadable)" if vault.unreadable else ""
    return (
        f"vaultwarden speaks Bitwarden {version}, {settings.email} is signed in and sees "
        f"{len(vault.collections)} collections and {len(vault.items)} items{unreadable} of "
        f"organisation {vault.organisation}, the pin of whose key is {vault.key.pin}"
    )


def preflight_set(settings: VaultwardenSettings, place: Place) -> str:
    """Return a sentence if the value can be written."""
    with open_api(settings) as api:
        vault = read_vault(api, settings)
    collection = _readable(vault, place.at)
    if collection.read_only:
        raise Refused(
            f"our account may read collection {place.at.collection!r} and not write to it",
            hint="Take `read only` off the machine account's access to the collection.",
        )
    creates = place.create or place.new
    item = find_item(vault, place.at) if creates else require_item(vault, place.at)
    if item is None:
        return f"{place.at.collection!r} can be written, and {place.at.item!r} will be created"
    if place.new:
        raise Refused(
            f"{item} is in {place.at.collection!r} already, and has to be new",
            hint="Rotate it instead, or name another item in the catalogue.",
        )
    check_field(item, place.at, create=place.create)
    if not item.editable:
        raise Refused(
            f"our account may read {item} and not change it",
            hint="Give the machine account write access to the collection.",
        )
    return f"{item} is there once in {place.at.collection!r}, and can be written"


def preflight_read(settings: VaultwardenSettings, params: At) -> str:
    """Return a sentence if the value can be read."""
    with open_api(settings) as api:
        vault = read_vault(api, settings)
    _readable(vault, params.at)
    item = require_item(vault, params.at)
    check_field(item, params.at, create=False)
    return f"{item} is there once in {params.at.collection!r}, and can be read"


def preflight_match(settings: VaultwardenSettings, params: At) -> str:
    """Return a sentence if the value can be compared, even if an earlier step must create it."""
    with open_api(settings) as api:
        vault = read_vault(api, settings)
    _readable(vault, params.at)
    item = find_item(vault, params.at)
    if item is None:
        return f"{params.at.collection!r} can be read; {params.at.item!r} is not there yet"
    return f"{item} is there once in {params.at.collection!r}, and can be read"


def _readable(vault: Vault, at: VaultwardenLocation) -> Collection:
    collection = find_collection(vault, at)
    if collection.hides_passwords:
        raise Refused(
            f"collection {at.collection!r} hides passwords from our account",
            hint="Take `hide passwords` off the machine account's access to the collection.",
        )
    return collection


def _version(settings: VaultwardenSettings) -> str:
    with client(safe_url(settings)) as http:
        response = send(http, "GET", "/api/config", what=WHAT)
    return optional_text(record_of(response, "read the version"), "version") or "(no version)"
