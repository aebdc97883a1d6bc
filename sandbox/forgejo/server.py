"""The server, and what a test may ask of it directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from sandbox.forgejo.administration import Administration, find
from sandbox.forgejo.entry import by_token, error, page
from sandbox.forgejo.own_tokens import OwnTokens
from sandbox.forgejo.users import ACCOUNT, ROBOT, User, Users
from sandbox.routes import Call, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.clock import Clock


class Forgejo:
    """One Forgejo with a machine account, a site administrator, and people."""

    def __init__(
        self,
        clock: Clock,
        current: str,
        password: str,
        admin_token: str = "",
        people: Iterable[str] = (),
    ) -> None:
        """Make it; `current` is the token in force of the machine account, under `password`."""
        self._users = Users(clock, current, password, admin_token, people)
        self._administration = Administration(self._users)
        self.tokens = self._user(ACCOUNT).tokens
        """The tokens of the machine account."""
        routes = Routes(missing=lambda _: error(404, "The target couldn't be found."))
        OwnTokens(self._users).offer(routes)
        self._administration.offer(routes)
        routes.add("GET", "/api/v1/user", self._myself)
        routes.add("GET", "/api/v1/users/{login}", self._look)
        routes.add("GET", "/api/v1/users/{login}/keys", self._keys)
        self.answer = routes

    @property
    def changes(self) -> int:
        """How often the administrator has changed something."""
        return self._administration.changes

    def has(self, login: str) -> dict[str, int]:
        """Return how many tokens and keys somebody has."""
        user = self._user(login)
        return {"tokens": len(user.tokens.listing()), "keys": len(user.keys)}

    def accepts(self, login: str) -> bool:
        """Tell whether somebody can sign in."""
        user = self._user(login)
        return user.active and not user.prohibit_login

    def demote(self) -> None:
        """Take the administrator's rights from the engine's account."""
        self._user(ROBOT).is_admin = False

    def _user(self, login: str) -> User:
        user = self._users.find(login)
        if user is None:
            raise KeyError(login)
        return user

    def _myself(self, call: Call) -> Response:
        caller = by_token(call, self._users, "user")
        return JSONResponse(caller.describe(to_admin=caller.is_admin))

    def _look(self, call: Call, login: str) -> Response:
        caller = by_token(call, self._users, "user")
        return JSONResponse(find(self._users, login).describe(to_admin=caller.is_admin))

    def _keys(self, call: Call, login: str) -> Response:
        by_token(call, self._users, "user")
        keys = find(self._users, login).keys.items()
        return page(call, [{"id": number, "key": text} for number, text in keys])
