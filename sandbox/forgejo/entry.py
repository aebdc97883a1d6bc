"""Who calls a Forgejo, by token or by password, and how it refuses them."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Refused

if TYPE_CHECKING:
    from sandbox.forgejo.users import User, Users

MOST = 50
"""MAX_RESPONSE_ITEMS, as it is where nobody has changed it."""
_USUAL = 30
"""DEFAULT_PAGING_NUM, the same way."""


def by_token(call: Call, users: Users, area: str) -> User:
    """Return whose token stands in the header; it needs the right to read this area."""
    scheme, _, secret = call.headers.get("authorization", "").partition(" ")
    found = users.owner_of(secret) if scheme.lower() in ("token", "bearer") else None
    if found is None:
        raise refused(401, "token is required")
    user, token = found
    if not {"all", f"read:{area}", f"write:{area}"} & set(token.more["scopes"]):
        raise refused(403, "token does not have at least one of required scope(s)")
    return user


def by_password(call: Call, users: Users) -> User:
    """Return who gives name and password; tokens are managed under nothing else."""
    scheme, _, text = call.headers.get("authorization", "").partition(" ")
    try:
        login, _, password = b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        login, password = "", ""
    user = users.by_password(login, password) if scheme.lower() == "basic" else None
    if user is None:
        raise refused(401, "invalid username, password or token")
    return user


def page(call: Call, found: list[dict[str, Any]]) -> Response:
    """Return the page of a list that was asked for."""
    limit, number = min(_number(call, "limit", _USUAL), MOST), _number(call, "page", 1)
    headers = {"X-Total-Count": str(len(found))}
    return JSONResponse(found[(number - 1) * limit : number * limit], headers=headers)


def refused(status: int, message: str) -> Refused:
    """Return what ends a call with this answer."""
    return Refused(error(status, message))


def error(status: int, message: str) -> Response:
    """Return an error as the API tells it."""
    return JSONResponse({"message": message, "url": "/api/swagger"}, status_code=status)


def missing() -> Refused:
    """Return what ends a call about something that is not there."""
    return refused(404, "The target couldn't be found.")


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name, "")
    return int(given) if given.isdecimal() and int(given) else default
