"""What a world tells of itself in `world.json`: where everything is, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.circle import recipients
from sandbox.cluster.flux import FLUX, SOURCE
from sandbox.forgejo import ACCOUNT
from sandbox.identity import CLIENT
from sandbox.keys import NEWCOMER
from sandbox.layout import CATALOGUE, SOPS_FILE, VAULT_ADMIN
from sandbox.odoo import DATABASE
from sandbox.staff import GROUPS
from sandbox.vaultwarden.seed import LEAVER_EMAIL, MACHINE_EMAIL

if TYPE_CHECKING:
    from sandbox.keyring import ProviderKey
    from sandbox.world import World


def described(world: World, anthropic_key: ProviderKey | None) -> dict[str, Any]:
    """Return the addresses, paths and names that a reader of the world needs."""
    layout, vault = world.layout, world.vaultwarden
    credentials = {name: name.replace("_", "-") for name in vars(world.credentials)}
    return {
        "urls": world.urls,
        "paths": {
            "directory": str(layout.root),
            "remote": str(layout.remote),
            "kubeconfig": str(layout.kubeconfig),
            "access_log": str(layout.access_log),
            "sops_file": SOPS_FILE,
            "catalogue": CATALOGUE,
            "engine_age_key": str(layout.age_key("engine")),
            "operator_age_key": str(layout.age_key("operator")),
            "staff_age_key": str(layout.age_key("staff")),
            "leaver_age_key": str(layout.age_key("leaver")),
            "newcomer_age_key": str(layout.age_key(NEWCOMER)),
            "vaultwarden_admin_token": str(layout.credential(VAULT_ADMIN)),
            **{key: str(layout.credential(name)) for key, name in credentials.items()},
        },
        "vaultwarden": {
            "client_id": vault.client_id,
            "email": MACHINE_EMAIL,
            "leaver": LEAVER_EMAIL,
            "organization_id": vault.vault.organization_id,
            "collections": vault.collection_ids(),
        },
        "identity": {
            "client_id": CLIENT,
            "passwords": {name: str(layout.password(name)) for name in GROUPS},
        },
        "recipients": recipients(layout),
        "forgejo": {"username": ACCOUNT},
        "odoo": {"database": DATABASE},
        "flux": {"namespace": FLUX, "source": SOURCE},
        "anthropic": {"current_key_id": anthropic_key.key_id if anthropic_key else None},
        "postgres": world.database.place if world.database else None,
    }
