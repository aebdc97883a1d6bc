"""The private keys and credentials of a world, written once as read-only files."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyrage

from sandbox.values import exoscale_key, exoscale_secret, letters

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.layout import Layout

LEAVING = ("leaver", "leaver-tablet")
"""The identities of one person, who has two machines."""
OWNERS = ("engine", "operator", "staff", *LEAVING)
"""Who holds an age identity and is a recipient of the SOPS file."""
NEWCOMER = "newcomer"
"""Who holds an age identity and is no recipient yet."""


@dataclass(frozen=True)
class Credentials:
    """What the engine may use to reach each double."""

    vaultwarden_client_secret: str
    vaultwarden_master_password: str
    anthropic_admin_key: str
    openrouter_management_key: str
    forgejo_password: str
    stripe_api_key: str
    kubernetes_token: str
    fingerprint_key: str
    oidc_client_secret: str
    authentik_token: str
    forgejo_admin_token: str
    postgres_password: str
    exoscale_key: str
    exoscale_secret: str

    def __repr__(self) -> str:
        """Return nothing of the values."""
        return "Credentials(...)"


def draw_credentials() -> Credentials:
    """Return fresh credentials in the shape each real system gives out."""
    return Credentials(
        vaultwarden_client_secret=letters(30),
        vaultwarden_master_password=letters(40),
        anthropic_admin_key=f"sk-ant-admin01-{letters(86)}AA",
        forgejo_password=letters(32),
        stripe_api_key=f"rk_test_{letters(99)}",
        openrouter_management_key=f"sk-or-v1-{secrets.token_hex(32)}",
        kubernetes_token=secrets.token_urlsafe(48),
        fingerprint_key=secrets.token_hex(32),
        oidc_client_secret=secrets.token_urlsafe(32),
        authentik_token=letters(60),
        forgejo_admin_token=secrets.token_hex(20),
        postgres_password=secrets.token_urlsafe(32),
        exoscale_key=exoscale_key(),
        exoscale_secret=exoscale_secret(),
    )


def write_identities(layout: Layout) -> tuple[str, ...]:
    """Write an age identity for each owner and return the recipients, in the order of `OWNERS`."""
    layout.keys.mkdir(mode=0o700)
    _write_identity(layout.age_key(NEWCOMER))
    return tuple(_write_identity(layout.age_key(owner)) for owner in OWNERS)


def write_credentials(layout: Layout, credentials: Credentials) -> None:
    """Write each credential to a file of its own, one line with no line end."""
    layout.credentials.mkdir(mode=0o700)
    for name, value in vars(credentials).items():
        write_readonly(layout.credential(name.replace("_", "-")), value)


def write_readonly(path: Path, text: str) -> None:
    """Write a new file that only its owner may read."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)
    path.chmod(0o400)


def _write_identity(path: Path) -> str:
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    write_readonly(path, f"# public key: {recipient}\n{identity}\n")
    return recipient
