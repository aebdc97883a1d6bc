"""The provider's keys: secrets in memory, and what an organisation may see of them."""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.clock import stamp
from sandbox.values import anthropic_key, letters

if TYPE_CHECKING:
    from sandbox.clock import Clock

_WORKSPACE = "wrkspc_01PlanaBOS"
_PETRA = "user_01PetraOps"


class UnknownKey(LookupError):
    """No key has this id."""


@dataclass(frozen=True)
class ProviderKey:
    """One API key; `describe` is all that the Admin API tells of it."""

    key_id: str
    name: str
    status: str
    created_at: datetime
    workspace_id: str | None
    secret: str = field(repr=False)
    expires_at: datetime | None = None

    def describe(self) -> dict[str, Any]:
        """Return the Admin API object: a hint of the secret, never the secret."""
        return {
            "id": self.key_id,
            "type": "api_key",
            "name": self.name,
            "status": self.status,
            "partial_key_hint": f"{self.secret[:16]}...{self.secret[-4:]}",
            "created_at": stamp(self.created_at),
            "created_by": {"id": _PETRA, "type": "user"},
            "expires_at": stamp(self.expires_at) if self.expires_at else None,
            "workspace_id": self.workspace_id,
        }


class Ring:
    """All keys of the organisation, newest first, with counts of what was done to them."""

    def __init__(self, clock: Clock, seeded: str) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._keys: dict[str, ProviderKey] = {}
        self.created = 0
        self.deactivations = 0
        self._seed(seeded)

    def listing(self) -> list[ProviderKey]:
        """Return every key, newest first."""
        with self._lock:
            return list(reversed(self._keys.values()))

    def find(self, key_id: str) -> ProviderKey:
        """Return one key; raise `UnknownKey` if there is none."""
        with self._lock:
            if key_id not in self._keys:
                raise UnknownKey(key_id)
            return self._keys[key_id]

    def create(self, name: str, lives: timedelta | None = None) -> ProviderKey:
        """Make a new active key, as the console does; it may end by itself."""
        with self._lock:
            self.created += 1
            now = self._clock.now()
            made = self._add(name, "active", now, anthropic_key(), _WORKSPACE)
            self._keys[made.key_id] = replace(made, expires_at=now + lives if lives else None)
            return self._keys[made.key_id]

    def noted(self, name: str) -> str | None:
        """Return the secret of a key as somebody has noted it when it was made; None for no such key."""
        found = (key.secret for key in self.listing() if key.name == name)
        return next(found, None)

    def update(
        self, key_id: str, *, name: str | None = None, status: str | None = None
    ) -> ProviderKey:
        """Change a key's name or status, count a deactivation, and return the key."""
        with self._lock:
            key = self.find(key_id)
            changed = replace(key, name=name or key.name, status=status or key.status)
            if key.status == "active" and changed.status != "active":
                self.deactivations += 1
            self._keys[key_id] = changed
            return changed

    def accepts(self, secret: str) -> bool:
        """Tell whether a caller with this secret is let in."""
        return any(
            hmac.compare_digest(key.secret.encode(), secret.encode())
            for key in self.listing()
            if key.status == "active"
        )

    def key_of(self, secret: str) -> ProviderKey | None:
        """Return the key that has this secret, if any."""
        return next((key for key in self.listing() if key.secret == secret), None)

    def states(self) -> list[dict[str, str]]:
        """Return id, name and status of every key, newest first."""
        return [
            {"id": key.key_id, "name": key.name, "status": key.status} for key in self.listing()
        ]

    def _seed(self, current: str) -> None:
        now = self._clock.now()
        for name, status, days in (
            ("plana-trial", "expired", 410),
            ("plana-ai-agents-2024", "archived", 300),
            ("plana-ai-agents-2025-spring", "inactive", 190),
        ):
            self._add(name, status, now - timedelta(days=days), anthropic_key(), _WORKSPACE)
        self._add("plana-ci-evals", "active", now - timedelta(days=120), anthropic_key(), None)
        self._add("plana-ai-agents", "active", now - timedelta(days=95), current, _WORKSPACE)

    def _add(
        self, name: str, status: str, created: datetime, secret: str, workspace: str | None
    ) -> ProviderKey:
        key_id = f"apikey_01{letters(22)}"
        key = ProviderKey(key_id, name, status, created, workspace, secret)
        self._keys[key_id] = key
        return key
