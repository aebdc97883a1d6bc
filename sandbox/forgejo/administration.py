"""What a site administrator may do with everybody: suspend them, and delete their tokens and keys.

The group `/admin` needs a site administrator (`reqSiteAdmin`), and `EditUserOption` wants
`source_id` with `login_name`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from sandbox.forgejo.entry import by_token, missing, page, refused
from sandbox.forgejo.own_tokens import describe
from sandbox.keyring import UnknownKey

if TYPE_CHECKING:
    from sandbox.forgejo.users import User, Users
    from sandbox.routes import Call, Routes


class Administration:
    """The routes under `/admin`."""

    def __init__(self, users: Users) -> None:
        self._users = users
        self._lock = threading.RLock()
        self.changes = 0
        """How often something was changed."""

    def offer(self, routes: Routes) -> None:
        """Put the routes into a table."""
        path = "/api/v1/admin/users/{login}"
        routes.add("PATCH", path, self._edit)
        routes.add("GET", f"{path}/tokens", self._tokens)
        routes.add("DELETE", f"{path}/tokens/{{key}}", self._delete_token)
        routes.add("DELETE", f"{path}/keys/{{key}}", self._delete_key)

    def _edit(self, call: Call, login: str) -> Response:
        user, body = self._find(call, login), call.json()
        if not isinstance(body, dict) or ("source_id" in body) != ("login_name" in body):
            raise refused(422, "source_id and login_name must both be set or not set")
        with self._lock:
            self.changes += 1
            user.active = bool(body.get("active", user.active))
            user.prohibit_login = bool(body.get("prohibit_login", user.prohibit_login))
        return JSONResponse(user.describe(to_admin=True))

    def _tokens(self, call: Call, login: str) -> Response:
        return page(call, [describe(each) for each in self._find(call, login).tokens.listing()])

    def _delete_token(self, call: Call, login: str, key: str) -> Response:
        book = self._find(call, login).tokens
        with self._lock:
            try:
                book.remove(key)
            except UnknownKey:
                raise missing() from None
            self.changes += 1
        return Response(status_code=204)

    def _delete_key(self, call: Call, login: str, key: str) -> Response:
        keys = self._find(call, login).keys
        with self._lock:
            if not key.isdecimal() or keys.pop(int(key), None) is None:
                raise missing()
            self.changes += 1
        return Response(status_code=204)

    def _find(self, call: Call, login: str) -> User:
        """Return whom the path names, to an administrator."""
        if not by_token(call, self._users, "admin").is_admin:
            raise refused(403, "user should be the site admin")
        return find(self._users, login)


def find(users: Users, login: str) -> User:
    """Return an account, or end the call where there is none."""
    user = users.find(login)
    if user is None:
        raise refused(404, "user redirect does not exist")
    return user
