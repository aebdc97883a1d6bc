"""What an account may do with its own access tokens.

It manages them under basic authentication alone; a name is used once, a token needs a scope, and its
secret is told at its making.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.forgejo.entry import by_password, missing, page, refused
from sandbox.keyring import UnknownKey
from sandbox.values import forgejo_token

if TYPE_CHECKING:
    from sandbox.forgejo.users import User, Users
    from sandbox.keybook import BookKey
    from sandbox.routes import Call, Routes

_TOKENS = "/api/v1/users/{name}/tokens"
_AREAS = ("activitypub", "admin", "issue", "misc", "notification", "organization", "package",
          "repository", "user")  # fmt: skip
_SCOPES = {"all", *(f"{right}:{area}" for right in ("read", "write") for area in _AREAS)}


class OwnTokens:
    """The routes under `/users/{name}/tokens`."""

    def __init__(self, users: Users) -> None:
        self._users = users

    def offer(self, routes: Routes) -> None:
        """Put the routes into a table."""
        routes.add("GET", _TOKENS, self._list)
        routes.add("POST", _TOKENS, self._create)
        routes.add("DELETE", f"{_TOKENS}/{{token}}", self._delete)

    def _list(self, call: Call, name: str) -> Response:
        return page(call, [describe(key) for key in self._owner(call, name).tokens.listing()])

    def _create(self, call: Call, name: str) -> Response:
        book = self._owner(call, name).tokens
        wanted, scopes = _wanted(call)
        if any(key.name == wanted for key in book.listing()):
            raise refused(400, "access token name has been used already")
        key = book.create(wanted, forgejo_token(), {"scopes": scopes})
        return JSONResponse({**describe(key), "sha1": key.secret}, status_code=201)

    def _delete(self, call: Call, name: str, token: str) -> Response:
        book = self._owner(call, name).tokens
        named = [key.key_id for key in book.listing() if key.name == token]
        try:
            book.remove(token if token.isdecimal() else (named or [token])[0])
        except UnknownKey:
            raise missing() from None
        return Response(status_code=204)

    def _owner(self, call: Call, name: str) -> User:
        user = by_password(call, self._users)
        if user.login != name:
            raise refused(403, "doer should be the site admin or be same as the contextUser")
        return user


def _wanted(call: Call) -> tuple[str, list[str]]:
    try:
        body: Any = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
        raise refused(422, "[Name]: Required")
    scopes = body.get("scopes") or []
    if not scopes:
        raise refused(400, "access token must have a scope")
    if not isinstance(scopes, list) or not set(scopes) <= _SCOPES:
        raise refused(400, "invalid access token scope provided")
    return body["name"], scopes


def describe(key: BookKey) -> dict[str, Any]:
    """Return a token as lists do: without its secret."""
    return {
        "id": int(key.key_id),
        "name": key.name,
        "sha1": "",
        "token_last_eight": key.secret[-8:],
        "scopes": key.more["scopes"],
        "repositories": None,
    }
