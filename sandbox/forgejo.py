"""Double of Forgejo's access tokens of one account, and of enough of the rest to prove one.

Protocol as in Forgejo's documentation, "API Usage" and "Access Token Scope", and its source
`routers/api/v1/user/app.go`: managing tokens takes basic authentication alone, an account manages
its own, a name is used once, a token needs a scope, and its secret is told at its making.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.keybook import BookKey, Keybook
from sandbox.keyring import UnknownKey
from sandbox.routes import Call, Refused, Routes
from sandbox.values import forgejo_token

if TYPE_CHECKING:
    from sandbox.clock import Clock

ACCOUNT = "sync-bot"
_TOKENS = "/api/v1/users/{name}/tokens"
_MOST = 50
_AREAS = ("activitypub", "admin", "issue", "misc", "notification", "organization", "package",
          "repository", "user")  # fmt: skip
_SCOPES = {"all", *(f"{right}:{area}" for right in ("read", "write") for area in _AREAS)}
_READS_USER = {"all", "read:user", "write:user"}


def forgejo_tokens(clock: Clock, current: str) -> Keybook:
    """Return the tokens of the account as they are before the first run."""
    numbers = count(11)
    book = Keybook(clock, lambda: str(next(numbers)))
    book.seed("laptop of petra", forgejo_token(), {"scopes": ["read:repository"]}, 200)
    book.seed("sync", current, {"scopes": ["write:repository", "read:user"]}, 95)
    return book


class Forgejo:
    """The tokens of one account, and who they are."""

    def __init__(self, book: Keybook, password: str) -> None:
        self._book = book
        self._password = password
        routes = Routes(missing=lambda _: _error(404, "The target couldn't be found."))
        routes.add("GET", _TOKENS, self._list)
        routes.add("POST", _TOKENS, self._create)
        routes.add("DELETE", f"{_TOKENS}/{{token}}", self._delete)
        routes.add("GET", "/api/v1/user", self._user)
        self.answer = routes

    def _list(self, call: Call, name: str) -> Response:
        self._check_password(call, name)
        limit, page = min(_number(call, "limit", _MOST), _MOST), _number(call, "page", 1)
        keys = self._book.listing()
        shown = keys[(page - 1) * limit : page * limit]
        headers = {"X-Total-Count": str(len(keys))}
        return JSONResponse([_describe(key) for key in shown], headers=headers)

    def _create(self, call: Call, name: str) -> Response:
        self._check_password(call, name)
        wanted, scopes = _wanted(call)
        if any(key.name == wanted for key in self._book.listing()):
            raise _refused(400, "access token name has been used already")
        key = self._book.create(wanted, forgejo_token(), {"scopes": scopes})
        return JSONResponse({**_describe(key), "sha1": key.secret}, status_code=201)

    def _delete(self, call: Call, name: str, token: str) -> Response:
        self._check_password(call, name)
        named = [key.key_id for key in self._book.listing() if key.name == token]
        try:
            self._book.remove(token if token.isdecimal() else (named or [token])[0])
        except UnknownKey:
            raise _refused(404, "The target couldn't be found.") from None
        return Response(status_code=204)

    def _user(self, call: Call) -> Response:
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        known = self._book.key_of(secret) if scheme.lower() in ("token", "bearer") else None
        if known is None:
            raise _refused(401, "token is required")
        if not _READS_USER & set(known.more["scopes"]):
            raise _refused(403, "token does not have at least one of required scope(s)")
        return JSONResponse({"id": 7, "login": ACCOUNT, "is_admin": False})

    def _check_password(self, call: Call, name: str) -> None:
        scheme, _, text = call.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", ""
        is_known = hmac.compare_digest(password.encode(), self._password.encode())
        if scheme.lower() != "basic" or user != ACCOUNT or not is_known:
            raise _refused(401, "invalid username, password or token")
        if name != ACCOUNT:
            raise _refused(403, "doer should be the site admin or be same as the contextUser")


def _wanted(call: Call) -> tuple[str, list[str]]:
    try:
        body: Any = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
        raise _refused(422, "[Name]: Required")
    scopes = body.get("scopes") or []
    if not scopes:
        raise _refused(400, "access token must have a scope")
    if not isinstance(scopes, list) or not set(scopes) <= _SCOPES:
        raise _refused(400, "invalid access token scope provided")
    return body["name"], scopes


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name, "")
    return int(given) if given.isdecimal() and int(given) else default


def _describe(key: BookKey) -> dict[str, Any]:
    return {
        "id": int(key.key_id),
        "name": key.name,
        "sha1": "",
        "token_last_eight": key.secret[-8:],
        "scopes": key.more["scopes"],
        "repositories": None,
    }


def _refused(status: int, message: str) -> Refused:
    return Refused(_error(status, message))


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message, "url": "/api/swagger"}, status_code=status)
