"""The API of Forgejo for a site administrator: users, their tokens and their keys.

From routers/api/v1/api.go and modules/structs/admin_user.go of Forgejo 16. The token needs the
scopes `write:admin` and `read:user`, and its user must be a site administrator (`reqSiteAdmin`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import Field

from adapters.shared import http
from adapters.shared.files import read_secret
from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import Frozen

WHAT = "forgejo"
_ROOT = "/api/v1"
_PAGE = 50
_MOST_PAGES = 200
_OK, _GONE, _UNAUTHENTICATED, _FORBIDDEN, _MISSING = 200, 204, 401, 403, 404


class ForgejoAdminSettings(Frozen):
    """How Forgejo is reached."""

    url: str = Field("", description="Address of Forgejo, e.g. https://git.example.com.")
    token_file: Path | None = Field(
        None,
        description="File with a token of a site administrator, scopes write:admin and read:user.",
    )


class Site:
    """An open connection with the rights of a site administrator."""

    def __init__(self, opened: httpx.Client) -> None:
        self._http = opened

    def user(self, name: str) -> Mapping[str, Any] | None:
        """Return a user with what only administrators are shown; None if there is none."""
        response = self._send("GET", f"/users/{quote(name, safe='')}", missing=True)
        return None if response.status_code == _MISSING else _object(response)

    def myself(self) -> Mapping[str, Any]:
        """Return our own user."""
        return _object(self._send("GET", "/user"))

    def suspend(self, user: Mapping[str, Any]) -> None:
        """Forbid signing in and set the account inactive; where it came from must be said again.

        `EditUserOption` takes `source_id` and `login_name` together or not at all, and the login
        name is needed where they are given.
        """
        body = {
            "source_id": user.get("source_id", 0),
            "login_name": user.get("login_name") or user["login"],
            "active": False,
            "prohibit_login": True,
        }
        self._lasting("PATCH", f"/admin/users/{quote(str(user['login']), safe='')}", json=body)

    def tokens(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Return the access tokens of a user, without their secrets."""
        return tuple(self._pages(f"/admin/users/{quote(name, safe='')}/tokens"))

    def keys(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Return the ssh keys of a user."""
        return tuple(self._pages(f"/users/{quote(name, safe='')}/keys"))

    def delete(self, name: str, kind: str, identity: int) -> None:
        """Delete a token or key of a user; one that is gone already is no fault."""
        self._lasting("DELETE", f"/admin/users/{quote(name, safe='')}/{kind}/{identity}")

    def _lasting(self, method: str, path: str, **options: Any) -> None:
        """Send what may be sent twice: a lost answer is `Transient`."""
        lost: Transient
        try:
            self._send(method, path, missing=method == "DELETE", **options)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Doing it again does no harm.")
        else:
            return
        raise lost

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        for number in range(1, _MOST_PAGES):
            response = self._send("GET", path, params={"page": str(number), "limit": str(_PAGE)})
            page = _json(response)
            if not isinstance(page, list):
                raise Refused(f"{WHAT} gives the list {path} in a form unknown to us")
            yield from page
            if not page:  # a server may give fewer than asked for (MAX_RESPONSE_ITEMS)
                return
        raise Refused(f"{WHAT} has more than {_MOST_PAGES} pages of {path}")

    def _send(
        self, method: str, path: str, *, missing: bool = False, **options: Any
    ) -> httpx.Response:
        response = http.send(self._http, method, _ROOT + path, what=WHAT, **options)
        status = response.status_code
        if status in (_OK, _GONE) or (missing and status == _MISSING):
            return response
        raise _refusal(status, f"{method} {path}")


@contextmanager
def open_site(settings: ForgejoAdminSettings) -> Iterator[Site]:
    """Open the API for the length of a block; raise `Refused` where it is not set up."""
    if not settings.url or settings.token_file is None:
        raise Refused(
            "forgejo is not set up for administration",
            hint="Set forgejo_admin.url and forgejo_admin.token_file.",
        )
    token = read_secret(settings.token_file, "the token of forgejo").get_secret_value()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Refused("the token of forgejo holds characters that no header can carry")
    with http.client(settings.url, headers={"Authorization": f"token {token}"}) as opened:
        yield Site(opened)


def check(settings: ForgejoAdminSettings) -> str:
    """Say that the token works; raise `Refused` or `Transient` where it does not."""
    with open_site(settings) as site:
        me = site.myself()
    if me.get("is_admin") is not True:
        raise Refused(
            f"{me.get('login')} is no site administrator of forgejo",
            hint="Put the token of a site administrator into the file of forgejo_admin.token_file.",
        )
    return f"forgejo lets us in as the site administrator {me.get('login')}"


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:  # it holds the document
        return None


def _object(response: httpx.Response) -> Mapping[str, Any]:
    told = _json(response)
    if not isinstance(told, dict) or not isinstance(told.get("login"), str):
        raise Refused(f"what answered did not answer like {WHAT}")
    return told


def _refusal(status: int, request: str) -> Refused:
    if status == _UNAUTHENTICATED:
        hint = "Put a valid token into the file of forgejo_admin.token_file."
        return Refused(f"{WHAT} does not accept our token: {request} gave 401", hint=hint)
    if status == _FORBIDDEN:
        return Refused(
            f"{WHAT} does not let our token do {request}: 403",
            hint="It needs the scopes write:admin and read:user, and a site administrator's user.",
        )
    if status == _MISSING:
        return Refused(
            f"{WHAT} has no {request}",
            hint="Lists of somebody else's tokens are in Forgejo 16 and later.",
        )
    return Refused(f"{WHAT} rejects {request}: {status}")
