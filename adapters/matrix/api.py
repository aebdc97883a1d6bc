"""What a Matrix access token tells of itself, and its end.

Protocol as in the Matrix specification, "Client-Server API" (`GET /account/whoami`,
`POST /logout`, "Using access tokens", "Soft logout"): a token is of one user and one device, logging
out ends it with its device, 401 `M_UNKNOWN_TOKEN` is the answer to one that has ended, and
`soft_logout: true` in it says that the token alone has expired while its session lives on. Rights as
in Synapse's documentation, "User Admin API": `GET /_synapse/admin/v2/users/<user_id>` is answered to
a server admin and 403 to anybody else. `/v1/users/<user_id>/admin` would say it more directly, and is
not there where the Matrix Authentication Service (MAS) signs people in. There MAS answers to
`/logout`, for tokens of its compatibility sessions (`crates/handlers/src/compat/logout.rs`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from adapters.matrix.settings import MatrixSettings
from adapters.shared import http
from adapters.shared.json_api import JsonApi, header_text
from engine.errors import OutcomeUnknown, Refused, Transient

WHAT = "matrix"
VERSIONS_PATH = "/_matrix/client/versions"
WHOAMI_PATH = "/_matrix/client/v3/account/whoami"
LOGOUT_PATH = "/_matrix/client/v3/logout"
USERS_PATH = "/_synapse/admin/v2/users"
ENDED = "M_UNKNOWN_TOKEN"
_OK, _UNAUTHORIZED = 200, 401


@dataclass(frozen=True)
class Holder:
    """Whose token it is; no secret."""

    user: str
    """E.g. `@ops:example.org`."""
    device: str


class Matrix:
    """An open connection under one token."""

    def __init__(self, opened: httpx.Client) -> None:
        self._api = JsonApi(opened, WHAT, _HINTS)

    def holder(self) -> Holder:
        """Return whose token this is; raise `Refused` for one that is of no device."""
        told = self._api.ask("GET", WHOAMI_PATH, _OK)
        user, device = told.get("user_id"), told.get("device_id")
        if not isinstance(user, str) or not isinstance(device, str):
            raise Refused(
                f"{WHAT} tells no user and device of this token",
                hint="Tokens of application services are not rotated here.",
            )
        return Holder(user, device)

    def require_admin(self, user: str) -> None:
        """Raise `Refused` where the token is not of a server admin; `user` is its own."""
        self._api.ask("GET", f"{USERS_PATH}/{quote(user, safe='')}", _OK)

    def log_out(self) -> None:
        """End this token and its device; one that has ended is left so."""
        lost: Transient
        try:
            self._api.ask("POST", LOGOUT_PATH, _OK, _UNAUTHORIZED, json={})
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Logging out again does no harm.")
        else:
            return
        raise lost


@contextmanager
def open_matrix(settings: MatrixSettings, token: SecretStr) -> Iterator[Matrix]:
    """Open a connection under a token for the length of a block."""
    with _client(settings, token) as opened:
        yield Matrix(opened)


def try_value(settings: MatrixSettings, value: SecretStr) -> int:
    """Return the status of the answer to a token that asks whose it is.

    Raises `Transient` for a 401 that does not say that the token has ended for good.
    """
    with _client(settings, value) as opened:
        answer = http.send(opened, "GET", WHOAMI_PATH, what=WHAT)
    if answer.status_code == _UNAUTHORIZED and not _has_ended(answer):
        raise Transient(
            f"{WHAT} answers 401, and not that the token has ended; its session may live on",
            hint="A token that expires and is refreshed is not meant for a service.",
        )
    return answer.status_code


def greet(settings: MatrixSettings) -> str:
    """Say that a homeserver answers; raise `Refused` or `Transient` where none does."""
    with http.client(_address(settings)) as opened:
        told = JsonApi(opened, WHAT, _HINTS).ask("GET", VERSIONS_PATH, _OK)
    versions = told.get("versions")
    if not isinstance(versions, list) or not versions:
        raise Refused(f"{WHAT} tells its versions in a form unknown to us")
    return f"{WHAT} answers and speaks up to {versions[-1]}"


def _has_ended(answer: httpx.Response) -> bool:
    try:
        told = json.loads(answer.content)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("errcode") == ENDED and not told.get("soft_logout")


def _client(settings: MatrixSettings, token: SecretStr) -> httpx.Client:
    headers = {"Authorization": f"Bearer {header_text(token, 'a Matrix token')}"}
    return http.client(_address(settings), headers=headers)


def _address(settings: MatrixSettings) -> str:
    if not settings.url:
        raise Refused("matrix has no address set", hint="Set matrix.url.")
    return settings.url


_HINTS = {
    401: "The token has ended or was not copied whole. Sign in anew, at a device of its own.",
    403: "The token must be of a server admin; with MAS, one that was issued with admin rights.",
    404: "Check matrix.url, and that /_synapse/admin is reachable there.",
}
