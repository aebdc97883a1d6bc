"""Two stores and a catalogue of any size: real sops and git, and a vault on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from adapters.platform import Platform, open_platform
from adapters.shared import command
from adapters.standing.looking import fingerprint_in
from demo.stage import ROOT
from sandbox.placement import STAFF, Item
from sandbox.vaultwarden.seed import add_item
from tests.adapters import infra
from tests.adapters.infra import FILE, MANIFEST, Infra
from tests.adapters.vault import VaultWorld, settings


class Stores:
    """A platform whose secrets are `s-<n>`, at `keys.s_<n>` and in the item `Secret <n>`."""

    def __init__(
        self, folder: Path, vault: VaultWorld, count: int, made: datetime | None = None
    ) -> None:
        self.vault = vault
        self.folder = folder
        self.infra: Infra = infra.build(folder / "infra")
        self.manifest = self.infra.read(MANIFEST)
        self.infra.commit({MANIFEST: None}, when=made)
        self.values = {f"s-{n}": f"value-{n}-of-the-test" for n in range(count)}
        vault.vaultwarden.vault.ciphers.clear()
        for name in self.values:
            self.mirror(name)
        self.commit(self.tree(), made)
        self.settings = folder / "runbook.yaml"
        self.ledger = folder / "ledger.db"
        self.write()

    def tree(self) -> dict[str, Any]:
        """Return the content of the encrypted file."""
        return {"keys": {_key(name): value for name, value in self.values.items()}}

    def commit(self, tree: Mapping[str, Any], when: datetime | None = None) -> str:
        """Put the file on main as a whole, every value encrypted anew."""
        return self.infra.commit({FILE: self.infra.encrypt(tree)}, when=when)

    def mirror(self, name: str, value: str = "", item: str = "") -> None:
        """Add an item to the vault."""
        made = Item(item or item_of(name), "a test", STAFF, name, "https://example.com")
        add_item(self.vault.vaultwarden.vault, made, value or self.values[name])

    def put(self, name: str, value: str, when: datetime | None = None) -> str:
        """Set one value of SOPS as a colleague does."""
        edited = self.infra.edited(f'["keys"]["{_key(name)}"]', value)
        return self.infra.commit({FILE: edited}, when=when)

    def mark(self, name: str, value: str) -> str:
        """Return the fingerprint of a value of this secret."""
        return fingerprint_in(self.platform, name)(SecretStr(value))

    @property
    def platform(self) -> Platform:
        """The platform as its files are now."""
        return open_platform(self.settings)

    def write(self, **changes: Any) -> None:
        """Write the files of the platform; `changes` are laid over the settings."""
        key = self.folder / "fingerprint"
        key.write_text("k" * 64)
        (self.folder / "runbooks").mkdir(exist_ok=True)
        catalogue = self.folder / "secrets.yaml"
        catalogue.write_text(yaml.safe_dump({"secrets": {n: entry(n) for n in self.values}}))
        known = settings(self.vault).model_dump(mode="json", exclude_none=True)
        told = {
            "runbooks": str(self.folder / "runbooks"),
            "catalogue": str(catalogue),
            "people": str(ROOT / "runbooks" / "people.yaml"),
            "engine": {"fingerprint_key_file": str(key)},
            "ledger": {"url": f"sqlite:///{self.ledger}"},
            "sops": self.infra.sops.model_dump(mode="json", exclude_none=True),
            "git": {"remote": self.infra.git.remote},
            "vaultwarden": known,
            **changes,
        }
        self.settings.write_text(yaml.safe_dump(told))

    def write_certificates(self, entries: Mapping[str, Any]) -> None:
        """Have the catalogue name these certificates."""
        self.write_catalogue(certificates=dict(entries))

    def write_catalogue(self, **parts: Any) -> None:
        """Have the catalogue say this as well."""
        catalogue = self.folder / "secrets.yaml"
        known = yaml.safe_load(catalogue.read_text())
        catalogue.write_text(yaml.safe_dump({**known, **parts}))

    def count_sops(self) -> Path:
        """Have every call of sops counted from now on; return the file that names each."""
        calls = self.folder / "calls"
        calls.touch()
        real = command.find("sops").path
        script = f'#!/bin/sh\necho "$1" >> "{calls}"\nexec "{real}" "$@"\n'
        binary = infra.program(self.folder / "bin" / "sops", script)
        known = self.infra.sops.model_dump(mode="json", exclude_none=True)
        self.write(sops={**known, "binary": str(binary)})
        return calls

    def leaks(self, *texts: str) -> list[str]:
        """Return the texts that hold a value."""
        return [text for text in texts if any(value in text for value in self.values.values())]


def entry(name: str) -> dict[str, Any]:
    """Return what the catalogue says of one secret."""
    return {
        "title": item_of(name),
        "sops": {"file": FILE, "path": f"keys.{_key(name)}"},
        "vaultwarden": {"collection": STAFF, "item": item_of(name)},
        "max_age": "90d",
    }


def item_of(name: str) -> str:
    """Return the name of a secret's item."""
    return f"Secret {name}"


def _key(name: str) -> str:
    return name.replace("-", "_")


@contextmanager
def stores(folder: Path, count: int = 5, made: datetime | None = None) -> Iterator[Stores]:
    """Make two equal stores of so many secrets, as of `made`, and end what serves them."""
    (folder / "vault").mkdir()
    (folder / "infra").mkdir()
    with VaultWorld(folder / "vault") as vault:
        yield Stores(folder, vault, count, made)
