"""The settings by which the engine reaches the systems of a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def systems_of(world: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of every system of a sandbox, by its map of itself."""
    paths, urls, vault = world["paths"], world["urls"], world["vaultwarden"]
    return {
        "platform": {"app": urls["app"], "anthropic_console": f"{urls['console']}/console"},
        "engine": {
            "age_key_file": paths["engine_age_key"],
            "fingerprint_key_file": paths["fingerprint_key"],
        },
        "sops": {"age_key_file": paths["engine_age_key"]},
        "git": {"remote": f"file://{paths['remote']}", "catalogue": paths["catalogue"]},
        "vaultwarden": {
            "url": urls["vaultwarden"],
            "email": vault["email"],
            "client_id": vault["client_id"],
            "client_secret_file": paths["vaultwarden_client_secret"],
            "master_password_file": paths["vaultwarden_master_password"],
            "organisation": vault["organization_id"],
            "admin_token_file": paths["vaultwarden_admin_token"],
        },
        "kubernetes": {"kubeconfig": paths["kubeconfig"]},
        "anthropic": {"url": urls["anthropic"], "admin_key_file": paths["anthropic_admin_key"]},
        "openrouter": {
            "url": urls["openrouter"],
            "management_key_file": paths["openrouter_management_key"],
        },
        "forgejo": {
            "url": urls["forgejo"],
            "username": world["forgejo"]["username"],
            "password_file": paths["forgejo_password"],
        },
        "authentik": {"url": urls["authentik"], "token_file": paths["authentik_token"]},
        "forgejo_admin": {"url": urls["forgejo"], "token_file": paths["forgejo_admin_token"]},
        "stripe": {"url": urls["stripe"], "secret_key_file": paths["stripe_api_key"]},
        "exoscale": {
            "url": urls["exoscale"],
            "key_file": paths["exoscale_key"],
            "secret_file": paths["exoscale_secret"],
        },
        "odoo": {"url": urls["odoo"], "database": world["odoo"]["database"]},
        "matrix": {"url": urls["matrix"]},
        "postgres": _postgres_of(world),
    }


def _postgres_of(world: Mapping[str, Any]) -> dict[str, Any]:
    """Return how its database is reached; nothing where this sandbox has none."""
    place = world.get("postgres")
    return {**place, "password_file": world["paths"]["postgres_password"]} if place else {}
