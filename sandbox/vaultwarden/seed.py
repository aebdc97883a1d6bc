"""A new vault: the organisation PLANA, a machine, a person, and the items that mirror the tree."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.placement import ADMINS, ITEMS, STAFF, Item
from sandbox.values import anthropic_key
from sandbox.vaultwarden import crypto
from sandbox.vaultwarden.accounts import ADMIN, USER, Account, new_api_key, register
from sandbox.vaultwarden.crypto import Kdf
from sandbox.vaultwarden.vault import Collection, Rates, StoredCipher, Vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.keys import Credentials

MACHINE_EMAIL = "runbook-engine@planapulse.com"
PETRA_EMAIL = "petra.ops@planapulse.com"
LEAVER_EMAIL = "nina.dev@planapulse.com"
OWN_KEY_ITEM = "OpenRouter API key"
"""The item that has a cipher key of its own."""
TRASHED_ITEM = "Anthropic API key"
"""The name of the item in the trash: the same as a live one, as names are not unique."""


@dataclass(frozen=True)
class VaultOptions:
    """What a test may choose about the vault."""

    kdf: Kdf = field(default_factory=Kdf)
    rates: Rates = field(default_factory=Rates)
    sso_only: bool = True


def seed_vault(
    clock: Clock, options: VaultOptions, values: Mapping[str, str], credentials: Credentials
) -> Vault:
    """Return a vault whose items equal `values`."""
    vault = Vault(
        clock=clock,
        rates=options.rates,
        organization_id=str(uuid.uuid4()),
        organization_name="PLANA",
        organization_key=secrets.token_bytes(64),
        admin_token=values["vaultwarden.admin_token"],
        sso_only=options.sso_only,
        token_key=secrets.token_bytes(32),
    )
    password = credentials.vaultwarden_master_password
    machine = register("Runbook engine", MACHINE_EMAIL, password, options.kdf, USER)
    machine.api_key = credentials.vaultwarden_client_secret
    _admit(vault, machine)
    _admit(vault, register("petra", PETRA_EMAIL, secrets.token_urlsafe(24), Kdf(), ADMIN))
    leaver = register("nina", LEAVER_EMAIL, secrets.token_urlsafe(24), Kdf(), USER)
    leaver.api_key = new_api_key()
    _admit(vault, leaver)
    for name in (STAFF, ADMINS):
        _add_collection(vault, name)
    for item in ITEMS:
        add_item(vault, item, values[item.path], own_key=item.name == OWN_KEY_ITEM)
    _add_decoys(vault)
    return vault


def add_item(vault: Vault, item: Item, value: str, *, own_key: bool = False) -> StoredCipher:
    """Add one login with notes, a hidden field and a URI, all encrypted, and return it."""
    cipher_key = secrets.token_bytes(64) if own_key else None
    key = cipher_key or vault.organization_key

    def sealed(text: str) -> str:
        return crypto.encrypt(key, text.encode())

    collection = next(c for c in vault.collections.values() if c.name == item.collection)
    created = vault.clock.now() - timedelta(days=30)
    cipher = StoredCipher(
        cipher_id=vault.new_id(),
        organization_id=vault.organization_id,
        collection_ids=[collection.collection_id],
        created_at=created,
        updated_at=created,
        key=crypto.encrypt(vault.organization_key, cipher_key) if cipher_key else None,
        name=sealed(item.name),
        notes=sealed(f"Mirror of {item.path} in SOPS."),
        fields=[
            {"type": 1, "name": sealed("owner"), "value": sealed("petra"), "linkedId": None},
        ],
        data={
            "username": sealed(item.username),
            "password": sealed(value),
            "totp": None,
            "uris": [{"uri": sealed(item.uri), "uriChecksum": None, "match": None}],
            "passwordRevisionDate": None,
            "autofillOnPageLoad": None,
            "fido2Credentials": None,
        },
    )
    vault.ciphers[cipher.cipher_id] = cipher
    return cipher


def _admit(vault: Vault, account: Account) -> None:
    vault.accounts[account.user_id] = account
    wrapped = crypto.encrypt_to(account.public_key, vault.organization_key)
    vault.wrapped_keys[account.user_id] = wrapped


def _add_collection(vault: Vault, name: str) -> None:
    encrypted = crypto.encrypt(vault.organization_key, name.encode())
    collection = Collection(vault.new_id(), name, encrypted)
    vault.collections[collection.collection_id] = collection


def _add_decoys(vault: Vault) -> None:
    live = next(item for item in ITEMS if item.name == TRASHED_ITEM)
    trashed = add_item(vault, live, anthropic_key())
    trashed.deleted_at = trashed.updated_at
    similar = Item(
        "Anthropic API key (evals)", live.path, STAFF, "evals", "https://console.anthropic.com"
    )
    add_item(vault, similar, anthropic_key())
