"""A gateway's parts in a temporary folder, with a clock that a test may move."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.gateway import GatewaySettings
from gateway.doors import Doors
from gateway.limits import Limits
from gateway.store import Store

URL = "http://127.0.0.1:4200"
SECRET = SecretStr("shared-with-the-proxy")
ROLES = {
    "viewer": ["guests"],
    "auditor": ["auditors"],
    "operator": ["staff"],
    "approver": ["staff"],
    "admin": ["admins"],
}


@dataclass
class Clock:
    """A moment that stands still until it is moved."""

    second: int = 1_800_000_000

    def __call__(self) -> int:
        return self.second


@dataclass
class Porch:
    """Doors with a clock."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        secret = self.folder / "proxy"
        secret.write_text(SECRET.get_secret_value())
        told = {
            "url": URL,
            "roles": ROLES,
            "proxy_peers": ["10.0.0.5", "10.1.0.0/16"],
            "proxy_secret_file": str(secret),
            **self.changes,
        }
        self.settings = GatewaySettings.model_validate(told)
        self.store = Store(self.folder / "state.db", now=self.clock)
        self.doors = Doors(self.settings, self.store, SECRET, Limits(self.clock))

    def session(self, subject: str = "olga", groups: tuple[str, ...] = ("staff",)) -> str:
        """Open a session and return its secret."""
        told = {"subject": subject, "groups": groups, "signed_in": self.clock()}
        ends = self.clock() + int(self.settings.session_lifetime.total_seconds())
        return self.store.new("session", told, ends)
