"""Where each file of a world lies in its directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VAULT_ADMIN = "vaultwarden-admin-token"
"""The file of the token of the vault's admin page, which is one of the seeded values."""
SOPS_FILE = "infra/secrets/plana-pulse.enc.yaml"
"""The one encrypted file, as a path inside the infra repository."""
CATALOGUE = "infra/secrets/catalogue.yaml"
"""The file there in which new secrets are entered; a world begins without it."""


@dataclass(frozen=True)
class Layout:
    """The paths of one world; nothing here is created by asking."""

    root: Path

    @property
    def remote(self) -> Path:
        """The bare git repository."""
        return self.root / "remote.git"

    @property
    def keys(self) -> Path:
        """The folder of age identities."""
        return self.root / "keys"

    @property
    def credentials(self) -> Path:
        """The folder of the engine's own credentials, one secret a file."""
        return self.root / "credentials"

    @property
    def kubeconfig(self) -> Path:
        """The client configuration for the cluster; its token is a file in `credentials`."""
        return self.root / "kubeconfig"

    @property
    def world_json(self) -> Path:
        """The map of the world for other processes; it holds no secret."""
        return self.root / "world.json"

    @property
    def access_log(self) -> Path:
        """One line for each HTTP request of each double."""
        return self.root / "access.log"

    def age_key(self, owner: str) -> Path:
        """Return the age identity file of one of `keys.OWNERS`, or of the newcomer."""
        return self.keys / f"{owner}-age.txt"

    def password(self, person: str) -> Path:
        """Return the file of a person's password."""
        return self.credentials / f"password-{person}"

    def credential(self, name: str) -> Path:
        """Return the file of one credential, such as `kubernetes-token`."""
        return self.credentials / name
