"""Where Vaultwarden is and who we are there; credentials come from files, when they are needed."""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from adapters.shared.files import read_secret
from engine.errors import Refused


class VaultwardenSettings(BaseModel):
    """The server and our machine account on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field("", description="Address of the server, e.g. https://vault.example.com.")
    email: str = Field("", description="E-mail address of the machine account.")
    client_id: str = Field("", description="Client id of its personal API key: user.<uuid>.")
    client_secret_file: Path | None = Field(
        None, description="File with the client secret of the API key."
    )
    master_password_file: Path | None = Field(
        None, description="File with the master password of the account."
    )
    organisation: str = Field("", description="Id of the organisation that holds the items.")
    device_identifier: str = Field(
        "", description="Stable UUID of this client; made from client_id when empty."
    )
    admin_token_file: Path | None = Field(
        None, description="File with the token of the admin page, with which users are disabled."
    )
    org_key_pin: str | None = Field(
        None,
        description="SHA-256 of the organisation's key in hex; another key is refused. "
        "`runbook doctor` prints it.",
    )


@dataclass(frozen=True)
class Credentials:
    """All it takes to sign in; two that are equal may share a session."""

    url: str
    email: str
    client_id: str
    device: str
    client_secret: SecretStr
    master_password: SecretStr


def credentials(settings: VaultwardenSettings) -> Credentials:
    """Read the credential files; raise `Refused` for what is missing or an unsafe address."""
    for name in ("url", "email", "client_id", "organisation"):
        if not getattr(settings, name):
            raise _missing(name)
    if settings.client_secret_file is None:
        raise _missing("client_secret_file")
    if settings.master_password_file is None:
        raise _missing("master_password_file")
    url = safe_url(settings)
    if not settings.client_id.startswith("user."):
        raise Refused(
            f"vaultwarden.client_id is {settings.client_id!r}, not of the form user.<uuid>",
            hint="Use the personal API key of the machine account, not that of the organisation.",
        )
    return Credentials(
        url=url,
        email=settings.email,
        client_id=settings.client_id,
        device=_device(settings),
        client_secret=read_secret(settings.client_secret_file, "the vaultwarden client secret"),
        master_password=read_secret(
            settings.master_password_file, "the vaultwarden master password"
        ),
    )


def safe_url(settings: VaultwardenSettings) -> str:
    """Return the address; refuse one over which secrets would travel in clear."""
    if not settings.url:
        raise _missing("url")
    try:
        url = httpx.URL(settings.url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise Refused(
            "vaultwarden.url is not an address of the form https://host",
            hint="Write scheme and host only; a user or password does not belong there.",
        )
    if url.scheme == "http" and not _is_loopback(url.host):
        raise Refused(
            f"vaultwarden.url is plain http to {url.host}, which is not this machine",
            hint="Use https; access tokens would travel in clear.",
        )
    return str(url).rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _device(settings: VaultwardenSettings) -> str:
    """Return one id for ever: each new one makes a row and a mail on the server."""
    return settings.device_identifier or str(uuid.uuid5(uuid.NAMESPACE_URL, settings.client_id))


def _missing(name: str) -> Refused:
    return Refused(
        f"`vaultwarden.{name}` is not set",
        hint=f"Add `{name}` below `vaultwarden` in the settings.",
    )
