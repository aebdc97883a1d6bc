"""Vaultwarden: the vault people look into, kept equal to what the cluster is reconciled from.

An own client over the stable parts of the protocol (Vaultwarden 1.37.2): sign-in by API key, sync,
and read-modify-write of single items. All encryption happens here; the server sees ciphertext.
"""

from adapters.vaultwarden.admin import check_admin
from adapters.vaultwarden.checks import check
from adapters.vaultwarden.inventory import Inventory, Mirrored, read_all, read_inventory
from adapters.vaultwarden.location import VaultwardenLocation
from adapters.vaultwarden.settings import VaultwardenSettings
from adapters.vaultwarden.steps import steps

__all__ = [
    "Inventory",
    "Mirrored",
    "VaultwardenLocation",
    "VaultwardenSettings",
    "check",
    "check_admin",
    "read_all",
    "read_inventory",
    "steps",
]
