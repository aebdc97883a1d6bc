"""The settings of one platform: addresses and paths of credential files, never a credential.

One YAML file, named by `RUNBOOK_SETTINGS` (default `runbook.yaml` in the working directory).
Relative paths are relative to that file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from adapters.anthropic import AnthropicSettings
from adapters.authentik import AuthentikSettings
from adapters.bitwarden import BitwardenSettings
from adapters.exoscale import ExoscaleSettings
from adapters.flux import FluxSettings
from adapters.forgejo import ForgejoSettings
from adapters.forgejo_admin import ForgejoAdminSettings
from adapters.gateway import GatewaySettings
from adapters.http import HttpSettings
from adapters.ledger import LedgerSettings, from_folder
from adapters.matrix import MatrixSettings
from adapters.notify import NotifySettings
from adapters.odoo import OdooSettings
from adapters.openrouter import OpenRouterSettings
from adapters.postgres import PostgresSettings
from adapters.shared.checkout import GitSettings
from adapters.shared.cluster import KubernetesSettings
from adapters.sops import SopsSettings
from adapters.stripe import StripeSettings
from adapters.vaultwarden import VaultwardenSettings
from engine.errors import Refused
from engine.loading import build
from engine.source import parse

VARIABLE = "RUNBOOK_SETTINGS"
DEFAULT_FILE = "runbook.yaml"
BASE = "base"
"""Validation context: the folder that relative paths start from."""


class EngineSettings(BaseModel):
    """The engine's own keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    age_key_file: Path | None = Field(None, description="Age identity that opens sealed values.")
    fingerprint_key_file: Path | None = Field(None, description="Key of all fingerprints.")
    accept_claimed: bool = Field(
        default=True, description="Whether a decision counts whose maker only typed a name."
    )
    approval_keys_file: Path | None = Field(
        None, description="The gateway's public keys, with which signed decisions are verified."
    )


class Settings(BaseModel):
    """Everything the engine has to be told about a platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runbooks: Path = Field(Path("runbooks"), description="Folder of runbooks.")
    catalogue: Path = Field(Path("runbooks/secrets.yaml"), description="The catalogue.")
    people: Path = Field(Path("runbooks/people.yaml"), description="The groups that gates name.")
    freeze: Path | None = Field(
        None, description="The times in which changes are frozen; else freeze.yaml beside `people`."
    )
    platform: dict[str, Any] = Field(
        default_factory=dict, description="Facts that runbooks refer to as platform.<name>."
    )
    engine: EngineSettings = EngineSettings()
    ledger: LedgerSettings = LedgerSettings()
    sops: SopsSettings = SopsSettings()
    git: GitSettings = GitSettings()
    vaultwarden: VaultwardenSettings = VaultwardenSettings()
    bitwarden: BitwardenSettings = BitwardenSettings()
    kubernetes: KubernetesSettings = KubernetesSettings()
    flux: FluxSettings = FluxSettings()
    anthropic: AnthropicSettings = AnthropicSettings()
    authentik: AuthentikSettings = AuthentikSettings()
    forgejo_admin: ForgejoAdminSettings = ForgejoAdminSettings()
    postgres: PostgresSettings = PostgresSettings()
    openrouter: OpenRouterSettings = OpenRouterSettings()
    forgejo: ForgejoSettings = ForgejoSettings()
    stripe: StripeSettings = StripeSettings()
    exoscale: ExoscaleSettings = ExoscaleSettings()
    odoo: OdooSettings = OdooSettings()
    matrix: MatrixSettings = MatrixSettings()
    http: HttpSettings = HttpSettings()
    gateway: GatewaySettings = GatewaySettings()
    notify: NotifySettings = NotifySettings()

    @model_validator(mode="before")
    @classmethod
    def _paths_from_the_file(cls, data: Any, info: ValidationInfo) -> Any:
        base = (info.context or {}).get(BASE)
        return _ledger_below(_rebase(cls, data, base), base) if base is not None else data


def settings_file() -> Path:
    """Return the path of the settings file in force, whether it exists or not."""
    return Path(os.environ.get(VARIABLE, DEFAULT_FILE)).absolute()


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; raise `Refused` if there are none, `Invalid` with all that is wrong."""
    path = path or settings_file()
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Refused(
            f"no settings at {path}: {error.strerror}",
            hint=f"Name the file in {VARIABLE}; docs/configuration.md lists what goes into it.",
        ) from None
    return build(parse(raw, str(path), "runbooks"), Settings, context={BASE: path.parent})


def _rebase(model: type[BaseModel], data: Any, base: Path) -> Any:
    """Make every relative path in `data`, and every default that is one, relative to `base`."""
    if not isinstance(data, dict):
        return data
    rebased = dict(data)
    for name, field in model.model_fields.items():
        value = rebased.get(name)
        if value is None and isinstance(field.default, Path):
            value = str(field.default)
        if isinstance(value, str) and Path in _types(field.annotation):
            rebased[name] = str(base / Path(value).expanduser())
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            rebased[name] = _rebase(field.annotation, value, base) if value else value
    return {name: value for name, value in rebased.items() if value is not None}


def _ledger_below(data: Any, base: Path) -> Any:
    """Make the file of a ledger on SQLite relative to `base`, as if it were a path."""
    ledger = data.get("ledger") if isinstance(data, dict) else None
    if not isinstance(ledger, dict) or not isinstance(ledger.get("url"), str):
        return data
    return {**data, "ledger": {**ledger, "url": from_folder(ledger["url"], base)}}


def _types(annotation: object) -> tuple[object, ...]:
    return getattr(annotation, "__args__", ()) or (annotation,)
