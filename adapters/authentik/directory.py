"""The API of Authentik, version 3: users, sessions, and tokens of several kinds.

From its source, 2024.2 to 2026.8: `core/api/users.py`, `authenticated_sessions.py`, `tokens.py`, and
`providers/oauth2/api/tokens.py`. Lists come in pages, `{"pagination": {"next": 2}, "results": []}`.
A token whose user is no superuser is shown only what is its own, and is not told that there is
more; so we ask who we are before we believe an empty list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field

from adapters.shared import http
from adapters.shared.files import read_secret
from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import Frozen

WHAT = "authentik"
_ROOT = "/api/v3"
_MOST_PAGES = 200
_OK, _GONE, _UNAUTHENTICATED, _FORBIDDEN, _MISSING = 200, 204, 401, 403, 404


class AuthentikSettings(Frozen):
    """How the directory is reached."""

    url: str = Field("", description="Address of Authentik, e.g. https://auth.example.com.")
    token_file: Path | None = Field(
        None, description="File with the key of an API token whose user is a superuser."
    )


class Directory:
    """An open connection with the rights of an API token."""

    def __init__(self, opened: httpx.Client) -> None:
        self._http = opened

    def require_superuser(self) -> str:
        """Return the name of our user; raise `Refused` if it is not shown everything."""
        told = self._json("GET", "/core/users/me/").get("user", {})
        if not (isinstance(told, dict) and told.get("is_superuser") is True):
            raise Refused(
                "the API token of authentik is not of a superuser, and would not see everything",
                hint="Put the key of a superuser's token into the file of authentik.token_file.",
            )
        return str(told.get("username"))

    def user(self, username: str) -> Mapping[str, Any] | None:
        """Return the user of exactly this name; None if there is none."""
        found = self.listed("/core/users/", username=username)
        return next((user for user in found if user.get("username") == username), None)

    def deactivate(self, key: int) -> None:
        """Set a user inactive by PATCH, which also ends sessions; PUT does not (issue 25081)."""
        self._lasting("PATCH", f"/core/users/{key}/", json={"is_active": False})

    def listed(self, path: str, **query: str) -> tuple[Mapping[str, Any], ...]:
        """Return all of a list that fits the query."""
        return tuple(self._pages(path, query))

    def delete(self, path: str) -> None:
        """Delete one object; one that is gone already is no fault."""
        self._lasting("DELETE", path)

    def _lasting(self, method: str, path: str, **options: Any) -> None:
        """Send what may be sent twice: a lost answer is `Transient`."""
        lost: Transient
        try:
            self._send(method, path, **options)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Doing it again does no harm.")
        else:
            return
        raise lost

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        number = 1
        for _ in range(_MOST_PAGES):
            asked = {**query, "page": str(number), "page_size": "100"}
            page = self._json("GET", path, params=asked)
            results, pagination = page.get("results"), page.get("pagination")
            if not isinstance(results, list) or not isinstance(pagination, dict):
                raise Refused(f"{WHAT} gives the list {path} in a form unknown to us")
            yield from results
            number = int(pagination.get("next") or 0)
            if not number:
                return
        raise Refused(f"{WHAT} has more than {_MOST_PAGES} pages of {path}")

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self._send(method, path, **options)
        try:
            told = response.json()
        except ValueError:  # it holds the document
            told = None
        if not isinstance(told, dict):
            raise Refused(f"what answered {path} did not answer like {WHAT}")
        return told

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = http.send(self._http, method, _ROOT + path, what=WHAT, **options)
        status = response.status_code
        if status in (_OK, _GONE) or (method == "DELETE" and status == _MISSING):
            return response
        raise _refusal(status, f"{method} {path}")


@contextmanager
def open_directory(settings: AuthentikSettings) -> Iterator[Directory]:
    """Open the API for the length of a block; raise `Refused` where it is not set up."""
    if not settings.url or settings.token_file is None:
        raise Refused("authentik is not set up", hint="Set authentik.url and authentik.token_file.")
    token = read_secret(settings.token_file, "the API token of authentik").get_secret_value()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Refused("the API token of authentik holds characters that no header can carry")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    with http.client(settings.url, headers=headers) as opened:
        yield Directory(opened)


def check(settings: AuthentikSettings) -> str:
    """Say that the API token works; raise `Refused` or `Transient` where it does not."""
    with open_directory(settings) as directory:
        return f"authentik lets us in as the superuser {directory.require_superuser()}"


def _refusal(status: int, request: str) -> Refused:
    if status in (_UNAUTHENTICATED, _FORBIDDEN):
        return Refused(
            f"{WHAT} does not accept our API token: {request} gave {status}",
            hint="Put the key of a superuser's API token into the file of authentik.token_file.",
        )
    return Refused(f"{WHAT} rejects {request}: {status}")
