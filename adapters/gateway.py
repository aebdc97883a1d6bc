"""What an operator says about the gateway; the room `gateway/` reads it and alone acts on it."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from engine.durations import Duration, parse_duration


class Role(StrEnum):
    """What somebody may ask of Prefect's server."""

    VIEWER = "viewer"
    """Look at runs and all that belongs to them."""
    AUDITOR = "auditor"
    """Look, and read what was answered at gates."""
    OPERATOR = "operator"
    """Look, start runs, cancel them, and retry them."""
    APPROVER = "approver"
    """Look, and answer gates; which gates, the policy says."""
    ADMIN = "admin"
    """Look, operate, and put deployments, work pools and ended runs in order."""
    WORKER = "worker"
    """Execute runs: a machine."""
    DEPLOYER = "deployer"
    """Put code on workers (`prefect deploy`): a machine."""


MACHINES = frozenset({Role.WORKER, Role.DEPLOYER})


def _loopback_or_tls(url: str) -> str:
    address = url.rstrip("/")
    is_loopback = address.startswith(("http://127.0.0.1:", "http://localhost:"))
    if address and not is_loopback and not address.startswith("https://"):
        raise ValueError("must begin with https://, or be http on loopback")
    return address


def _network(text: str) -> str:
    return str(ip_network(text))


Address = Annotated[str, AfterValidator(_loopback_or_tls)]


class GatewaySettings(BaseModel):
    """How people are known, what they may call, and with which key approvals are signed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Address = Field("", description="Address under which people reach the gateway.")
    signing_key_file: Path | None = Field(
        None, description="Private Ed25519 key that signs approvals; the gateway alone reads it."
    )
    state_file: Path | None = Field(
        None, description="Database of sessions and of the hashes of tokens."
    )
    roles: dict[Role, tuple[str, ...]] = Field(
        default_factory=dict, description="Groups of each role; who is in no such group is refused."
    )
    oidc_issuer: Address = Field("", description="Issuer of the OpenID provider.")
    oidc_client_id: str = Field("", description="Client id at the provider.")
    oidc_client_secret_file: Path | None = Field(
        None, description="Client secret; without one the client is a public one."
    )
    oidc_scopes: str = Field("openid profile", description="Scopes that are asked for.")
    oidc_subject_claim: str = Field("sub", description="Claim that names a person for good.")
    oidc_groups_claim: str = Field("groups", description="Claim that lists the person's groups.")
    proxy_peers: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="Addresses or networks of a reverse proxy whose headers are believed."
    )
    proxy_secret_file: Path | None = Field(
        None, description="Secret the proxy sends with each request, in X-Runbook-Proxy-Secret."
    )
    proxy_subject_header: str = Field(
        "X-Authentik-Username", description="Header in which the proxy names the person."
    )
    proxy_groups_header: str = Field(
        "X-Authentik-Groups", description="Header in which the proxy lists groups."
    )
    proxy_groups_separator: str = Field(
        "|", min_length=1, description="What stands between two groups in that header."
    )
    forwarders: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="Addresses or networks of reverse proxies whose X-Forwarded-For is counted."
    )
    session_lifetime: Duration = Field(
        parse_duration("8h"), description="When somebody has to sign in again in any case."
    )
    session_idle: Duration = Field(
        parse_duration("1h"), description="When a session ends that nobody uses."
    )
    token_lifetime: Duration = Field(
        parse_duration("12h"), description="How long a token of `runbook login` is good."
    )
    approval_lifetime: Duration = Field(
        parse_duration("1h"), description="Until when a worker must have taken an answer up."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("oidc_issuer and oidc_client_id go together")
        if bool(self.proxy_peers) != (self.proxy_secret_file is not None):
            raise ValueError("proxy_peers and proxy_secret_file go together")
        if MACHINES & set(self.roles):
            raise ValueError("worker and deployer are roles of tokens, not of groups")
        return self
