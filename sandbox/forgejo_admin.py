"""Double of what Forgejo's API gives a site administrator: users, their tokens and their keys.

As routers/api/v1/api.go of Forgejo 16 has it: the group `/admin` needs a site administrator, lists
come in pages and hold no secret, and `EditUserOption` wants `source_id` with `login_name`.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Refused, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

ROBOT = "runbook-robot"
"""The site administrator that the engine's token is of."""
SOURCE = 1
"""The authentication source everybody comes from: Authentik by OAuth2."""


@dataclass
class User:
    """One account, with what hangs on it."""

    number: int
    login: str
    is_admin: bool = False
    active: bool = True
    prohibit_login: bool = False
    tokens: dict[int, str] = field(default_factory=dict, repr=False)
    """The secret of each access token, by its id; no answer holds one."""
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
            "source_id": SOURCE,
            "active": self.active,
            "prohibit_login": self.prohibit_login,
        }


class Forgejo:
    """The server, for its administrator."""

    def __init__(self, people: Iterable[str], token: str) -> None:
        self._token = token
        self._lock = threading.RLock()
        self.changes = 0
        """How often something was changed."""
        self._users = {
            login: User(number, login, is_admin=login == ROBOT)
            for number, login in enumerate([ROBOT, *people], start=1)
        }
        for user in [*self._users.values()][1:]:
            base = user.number * 100
            user.tokens = {base + n: secrets.token_hex(20) for n in (1, 2)}
            user.keys = {base + 11: f"ssh-ed25519 AAAA{secrets.token_hex(12)}"}
        routes = Routes(missing=lambda _: _error(404, "The target couldn't be found."))
        root = "/api/v1"
        routes.add("GET", f"{root}/user", self._myself)
        routes.add("GET", f"{root}/users/{{login}}", self._user)
        routes.add("GET", f"{root}/users/{{login}}/keys", self._keys)
        routes.add("PATCH", f"{root}/admin/users/{{login}}", self._edit)
        routes.add("GET", f"{root}/admin/users/{{login}}/tokens", self._tokens)
        routes.add("DELETE", f"{root}/admin/users/{{login}}/{{kind}}/{{key}}", self._delete)
        self.answer = routes

    def has(self, login: str) -> dict[str, int]:
        """Return how many tokens and keys somebody has."""
        user = self._users[login]
        return {"tokens": len(user.tokens), "keys": len(user.keys)}

    def accepts(self, login: str) -> bool:
        """Tell whether somebody can sign in."""
        user = self._users[login]
        return user.active and not user.prohibit_login

    def demote(self) -> None:
        """Take the administrator's rights from the engine's account."""
        self._users[ROBOT].is_admin = False

    def _myself(self, call: Call) -> Response:
        return JSONResponse(self._caller(call).describe(to_admin=True))

    def _user(self, call: Call, login: str) -> Response:
        caller = self._caller(call)
        return JSONResponse(self._find(login).describe(to_admin=caller.is_admin))

    def _keys(self, call: Call, login: str) -> Response:
        self._caller(call)
        keys = self._find(login).keys.items()
        return _page(call, [{"id": number, "key": text} for number, text in keys])

    def _tokens(self, call: Call, login: str) -> Response:
        self._require_admin(call)
        found = self._find(login).tokens.items()
        return _page(
            call, [{"id": number, "token_last_eight": text[-8:]} for number, text in found]
        )

    def _edit(self, call: Call, login: str) -> Response:
        self._require_admin(call)
        user, body = self._find(login), call.json()
        if not isinstance(body, dict) or ("source_id" in body) != ("login_name" in body):
            return _error(422, "source_id and login_name must both be set or not set")
        with self._lock:
            self.changes += 1
            user.active = bool(body.get("active", user.active))
            user.prohibit_login = bool(body.get("prohibit_login", user.prohibit_login))
        return JSONResponse(user.describe(to_admin=True))

    def _delete(self, call: Call, login: str, kind: str, key: str) -> Response:
        self._require_admin(call)
        user = self._find(login)
        things = {"tokens": user.tokens, "keys": user.keys}.get(kind)
        with self._lock:
            if things is None or not key.isdecimal() or things.pop(int(key), None) is None:
                return _error(404, "The target couldn't be found.")
            self.changes += 1
        return Response(status_code=204)

    def _find(self, login: str) -> User:
        user = self._users.get(login)
        if user is None:
            raise Refused(_error(404, "user redirect does not exist"))
        return user

    def _caller(self, call: Call) -> User:
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        good = hmac.compare_digest(given.encode(), self._token.encode())
        if scheme.lower() not in ("token", "bearer") or not good:
            raise Refused(_error(401, "user does not exist [uid: 0, name: ]"))
        return self._users[ROBOT]

    def _require_admin(self, call: Call) -> None:
        if not self._caller(call).is_admin:
            raise Refused(_error(403, "user should be the site admin"))


def _page(call: Call, found: list[dict[str, Any]]) -> Response:
    number, size = int(call.query.get("page", "1")), min(int(call.query.get("limit", "30")), 50)
    return JSONResponse(found[(number - 1) * size : number * size])


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message, "url": "/api/swagger"}, status_code=status)
