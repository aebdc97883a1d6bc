"""The gateway of the demo: its key, its settings, and the tokens of the machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.gateway import Role
from gateway.signing import new_key, spell_private, spell_public
from gateway.store import Store
from gateway.tokens import new_machine

PORT_FLAG = ("--host", "127.0.0.1", "--port")
SECONDS = 7 * 86_400
"""How long the tokens of the demo's machines are good."""
ROLES = {
    "viewer": ["plana-guests"],
    "auditor": ["plana-auditors"],
    "operator": ["plana-staff", "plana-admins"],
    "approver": ["plana-staff", "plana-admins"],
    "admin": ["plana-admins"],
}


@dataclass(frozen=True)
class Entrance:
    """What stands before Prefect on this stage."""

    settings: Mapping[str, Any]
    """What the settings say of it."""
    engine: Mapping[str, Any]
    """What the engine's own settings say of it."""
    worker: SecretStr
    deployer: SecretStr


def open_entrance(folder: Path, url: str, world: Mapping[str, Any]) -> Entrance:
    """Make the gateway's files in this folder and return what it takes to use it."""
    folder.mkdir(mode=0o700)
    key, private, public = new_key(), folder / "signing-key", folder / "approval-keys.json"
    private.touch(mode=0o600)
    private.write_text(spell_private(key))
    public.write_text(spell_public(key))
    state = folder / "state.db"
    store = Store(state)
    worker = new_machine(store, "worker", Role.WORKER, SECONDS)
    deployer = new_machine(store, "deployer", Role.DEPLOYER, SECONDS)
    store.close()
    settings = {
        "url": url,
        "signing_key_file": str(private),
        "state_file": str(state),
        "roles": ROLES,
        "oidc_issuer": world["urls"]["identity"],
        "oidc_client_id": world["identity"]["client_id"],
        "oidc_client_secret_file": world["paths"]["oidc_client_secret"],
    }
    engine = {"accept_claimed": False, "approval_keys_file": str(public)}
    return Entrance(settings, engine, worker, deployer)


def headers(token: SecretStr) -> Mapping[str, str]:
    """Return the environment in which a program of Prefect sends this token."""
    sent = {"Authorization": f"Bearer {token.get_secret_value()}"}
    return {"PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps(sent)}
