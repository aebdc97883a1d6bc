"""The accounts of a Forgejo: each with access tokens and ssh keys; one has a local password."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from sandbox.keybook import Keybook
from sandbox.values import forgejo_token

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.clock import Clock
    from sandbox.keybook import BookKey

ROBOT = "runbook-robot"
"""The site administrator that the engine's token is of."""
ACCOUNT = "sync-bot"
"""The machine account whose tokens are rotated, under a local password."""
SOURCE = 1
"""The authentication source people come from: Authentik by OAuth2; 0 is a local account."""


@dataclass
class User:
    """One account, with what hangs on it."""

    number: int
    login: str
    tokens: Keybook
    source: int = SOURCE
    is_admin: bool = False
    active: bool = True
    prohibit_login: bool = False
    password: str = field(default="", repr=False)
    """The local password; empty for who comes from elsewhere and has none."""
    keys: dict[int, str] = field(default_factory=dict)
    """Ssh keys by id."""

    def describe(self, *, to_admin: bool) -> dict[str, Any]:
        """Return the account as the API does."""
        shown = {"id": self.number, "login": self.login, "is_admin": self.is_admin}
        if not to_admin:
            return shown
        return {
            **shown,
            "login_name": self.login,
            "source_id": self.source,
            "active": self.active,
            "prohibit_login": self.prohibit_login,
        }


class Users:
    """Everybody who has an account."""

    def __init__(
        self, clock: Clock, current: str, password: str, admin_token: str, people: Iterable[str]
    ) -> None:
        ids, self._numbers = count(11), count(1)
        self._users: dict[str, User] = {}
        self._clock, self._new_id = clock, lambda: str(next(ids))
        machine = self._add(ACCOUNT, source=0, password=password)
        machine.tokens.seed(
            "laptop of petra", forgejo_token(), {"scopes": ["read:repository"]}, 200
        )
        machine.tokens.seed("sync", current, {"scopes": ["write:repository", "read:user"]}, 95)
        robot = self._add(ROBOT, source=0, is_admin=True)
        robot.tokens.seed(
            "runbooks", admin_token or forgejo_token(), {"scopes": ["write:admin", "read:user"]}, 60
        )
        for login in people:
            user = self._add(login)
            for name in ("laptop", "phone"):
                user.tokens.seed(name, forgejo_token(), {"scopes": ["write:repository"]}, 90)
            user.keys = {user.number * 100: f"ssh-ed25519 AAAA{secrets.token_hex(12)}"}

    def find(self, login: str) -> User | None:
        """Return an account by its name."""
        return self._users.get(login)

    def owner_of(self, secret: str) -> tuple[User, BookKey] | None:
        """Return whose token this is, and the token."""
        for user in self._users.values():
            token = user.tokens.key_of(secret)
            if token is not None:
                return user, token
        return None

    def by_password(self, login: str, password: str) -> User | None:
        """Return the account that has this local password."""
        user = self.find(login)
        held = user.password if user else ""
        is_it = hmac.compare_digest(held.encode(), password.encode())
        return user if held and is_it else None

    def _add(self, login: str, **more: Any) -> User:
        user = User(next(self._numbers), login, Keybook(self._clock, self._new_id), **more)
        self._users[login] = user
        return user
