"""The keys of a provider that makes them by API: secrets in memory, what was done to them counted."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.keyring import UnknownKey

if TYPE_CHECKING:
    from sandbox.clock import Clock


@dataclass(frozen=True)
class BookKey:
    """One key, and what its provider keeps beside it."""

    key_id: str
    name: str
    status: str
    created_at: datetime
    secret: str = field(repr=False)
    more: Mapping[str, Any] = field(default_factory=dict)


class Keybook:
    """All keys of one account, newest first."""

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.RLock()
        self._keys: dict[str, BookKey] = {}
        self.created = 0
        """How many keys were made since the world began."""
        self.deleted = 0

    def listing(self) -> list[BookKey]:
        """Return every key, newest first."""
        with self._lock:
            return list(reversed(self._keys.values()))

    def find(self, key_id: str) -> BookKey:
        """Return one key; raise `UnknownKey` if there is none."""
        with self._lock:
            if key_id not in self._keys:
                raise UnknownKey(key_id)
            return self._keys[key_id]

    def create(self, name: str, secret: str, more: Mapping[str, Any]) -> BookKey:
        """Make a new active key and count it."""
        with self._lock:
            self.created += 1
            return self._add(name, secret, more, self._clock.now())

    def seed(
        self, name: str, secret: str, more: Mapping[str, Any], days: int, status: str = "active"
    ) -> BookKey:
        """Put in a key that was made `days` ago, before the world began."""
        return self._add(name, secret, more, self._clock.now() - timedelta(days=days), status)

    def change(self, key_id: str, **changes: Any) -> BookKey:
        """Change fields of a key and return it."""
        with self._lock:
            self._keys[key_id] = replace(self.find(key_id), **changes)
            return self._keys[key_id]

    def remove(self, key_id: str) -> None:
        """Delete a key and count it; raise `UnknownKey` if there is none."""
        with self._lock:
            self.find(key_id)
            del self._keys[key_id]
            self.deleted += 1

    def accepts(self, secret: str) -> bool:
        """Tell whether a caller with this secret is let in."""
        key = self.key_of(secret)
        return key is not None and key.status == "active"

    def key_of(self, secret: str) -> BookKey | None:
        """Return the key that has this secret, if any."""
        return next(
            (
                key
                for key in self.listing()
                if hmac.compare_digest(key.secret.encode(), secret.encode())
            ),
            None,
        )

    def states(self) -> list[dict[str, str]]:
        """Return id, name and status of every key, newest first."""
        return [
            {"id": key.key_id, "name": key.name, "status": key.status} for key in self.listing()
        ]

    def _add(
        self,
        name: str,
        secret: str,
        more: Mapping[str, Any],
        created: datetime,
        status: str = "active",
    ) -> BookKey:
        key = BookKey(self._new_id(), name, status, created, secret, dict(more))
        with self._lock:
            self._keys[key.key_id] = key
        return key
