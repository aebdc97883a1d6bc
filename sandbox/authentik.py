"""Double of Authentik's API: users, and the sessions and tokens that hang on them.

As its source has it (2024.2 to 2026.8): lists are narrowed by query and come in pages; who is no
superuser sees only what is their own; PATCH with `is_active: false` ends sessions and leaves
refresh tokens and API tokens as they are; a wrong token is answered by 403.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Refused, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVICE = "runbook-engine"
"""The superuser that the engine's token is of."""
LISTS = {
    "/core/authenticated_sessions/": ("user__username", "uuid"),
    "/oauth2/refresh_tokens/": ("user", "pk"),
    "/oauth2/access_tokens/": ("user", "pk"),
    "/oauth2/authorization_codes/": ("user", "pk"),
    "/core/tokens/": ("user__username", "identifier"),
}
"""Each list with what narrows it and what names an object."""
_BUSY = {"/core/authenticated_sessions/": 2, "/oauth2/refresh_tokens/": 3, "/core/tokens/": 1}


@dataclass
class User:
    """One account."""

    pk: int
    username: str
    is_superuser: bool = False
    is_active: bool = True

    def describe(self) -> dict[str, Any]:
        """Return the account as the API does, as far as anybody needs it."""
        return {
            "pk": self.pk,
            "username": self.username,
            "name": self.username.title(),
            "is_active": self.is_active,
            "is_superuser": self.is_superuser,
            "type": "internal",
        }


@dataclass(frozen=True)
class Thing:
    """A session or token; its secret is on nobody's wire."""

    name: str
    user: User
    secret: str = field(repr=False)


class Authentik:
    """The directory over the people of the platform."""

    def __init__(self, people: Iterable[str], token: str) -> None:
        self._token = token
        self._lock = threading.RLock()
        self.changes = 0
        """How often something was changed."""
        names = [SERVICE, *people]
        self._users = {
            name: User(number, name, is_superuser=name == SERVICE)
            for number, name in enumerate(names, start=4)
        }
        self._things: dict[str, dict[str, Thing]] = {path: {} for path in LISTS}
        for user in [*self._users.values()][1:]:
            for path, number in _BUSY.items():
                for _ in range(number):
                    self._give(path, user)
        routes = Routes(missing=lambda _: _error(404, "Not found."))
        root = "/api/v3"
        routes.add("GET", f"{root}/core/users/me/", self._me)
        routes.add("GET", f"{root}/core/users/", self._list_users)
        routes.add("PATCH", f"{root}/core/users/{{key}}/", self._patch)
        for path in LISTS:
            routes.add("GET", root + path, self._lister(path))
            routes.add("DELETE", f"{root}{path}{{key}}/", self._deleter(path))
        self.answer = routes

    def has(self, username: str) -> dict[str, int]:
        """Return how many sessions and tokens of each kind somebody has."""
        with self._lock:
            return {
                path: sum(thing.user.username == username for thing in things.values())
                for path, things in self._things.items()
            }

    def is_active(self, username: str) -> bool:
        """Tell whether the account is active."""
        return self._users[username].is_active

    def sign_in(self, username: str) -> None:
        """Give somebody a session and a refresh token, as signing in does."""
        with self._lock:
            self._give("/core/authenticated_sessions/", self._users[username])
            self._give("/oauth2/refresh_tokens/", self._users[username])

    def demote(self) -> None:
        """Take the superuser's rights from the engine's account."""
        self._users[SERVICE].is_superuser = False

    def _give(self, path: str, user: User) -> None:
        things = self._things[path]
        named = LISTS[path][1]
        name = {"uuid": str(uuid.uuid4()), "identifier": f"{user.username}-{len(things)}"}.get(
            named, str(100 + sum(map(len, self._things.values())))
        )
        things[name] = Thing(name, user, secrets.token_urlsafe(40))

    def _me(self, call: Call) -> Response:
        return JSONResponse({"user": self._caller(call).describe()})

    def _list_users(self, call: Call) -> Response:
        self._caller(call)
        wanted = call.query.get("username")
        users = [user for user in self._users.values() if wanted in (None, user.username)]
        return _page(call, [user.describe() for user in users])

    def _patch(self, call: Call, key: str) -> Response:
        self._require_superuser(call)
        user = next((u for u in self._users.values() if str(u.pk) == key), None)
        body = call.json()
        if user is None or not isinstance(body, dict):
            return _error(404, "No User matches the given query.")
        with self._lock:
            self.changes += 1
            user.is_active = bool(body.get("is_active", user.is_active))
            if not user.is_active:
                self._drop("/core/authenticated_sessions/", user)
        return JSONResponse(user.describe())

    def _drop(self, path: str, user: User) -> None:
        things = self._things[path]
        for name in [name for name, thing in things.items() if thing.user is user]:
            del things[name]

    def _lister(self, path: str) -> Any:
        narrowed, named = LISTS[path]

        def answer(call: Call) -> Response:
            caller = self._caller(call)
            wanted = call.query.get(narrowed)
            with self._lock:
                found = [
                    thing
                    for thing in self._things[path].values()
                    if wanted in (None, thing.user.username, str(thing.user.pk))
                    and (caller.is_superuser or thing.user is caller)
                ]
            return _page(call, [_describe(path, named, thing) for thing in found])

        return answer

    def _deleter(self, path: str) -> Any:
        def answer(call: Call, key: str) -> Response:
            self._require_superuser(call)
            with self._lock:
                if self._things[path].pop(key, None) is None:
                    return _error(404, "Not found.")
                self.changes += 1
            return Response(status_code=204)

        return answer

    def _caller(self, call: Call) -> User:
        given = call.bearer() or ""
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise Refused(_error(403, "Token invalid/expired"))
        return self._users[SERVICE]

    def _require_superuser(self, call: Call) -> None:
        if not self._caller(call).is_superuser:
            raise Refused(_error(403, "You do not have permission to perform this action."))


def _describe(path: str, named: str, thing: Thing) -> dict[str, Any]:
    bare = path == "/core/authenticated_sessions/"
    name = int(thing.name) if named == "pk" else thing.name
    return {named: name, "user": thing.user.pk if bare else thing.user.describe()}


def _page(call: Call, found: list[Mapping[str, Any]]) -> Response:
    number, size = (
        int(call.query.get("page", "1")),
        min(int(call.query.get("page_size", "20")), 100),
    )
    part = found[(number - 1) * size : number * size]
    more = number * size < len(found)
    pagination = {"next": number + 1 if more else 0, "current": number, "count": len(found)}
    return JSONResponse({"pagination": pagination, "results": part})


def _error(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status_code=status)
