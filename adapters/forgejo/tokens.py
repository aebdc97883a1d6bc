"""Forgejo's access tokens of one account: list, create and delete.

Protocol as in Forgejo's documentation, "API Usage" (forgejo.org/docs/latest/user/api-usage) and
"Access Token Scope", and its source `routers/api/v1/user/app.go`: `/api/v1/users/{name}/tokens`
takes basic authentication alone, never a token; the secret, `sha1`, is in the answer to the request
that made it and nowhere else; a list shows its last eight characters; a name is used once for each
account; a scope is needed. A token cannot be disabled, and when it was last used is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from adapters.forgejo.settings import ForgejoSettings
from adapters.shared import http
from adapters.shared.files import read_secret
from adapters.shared.json_api import JsonApi, header_text
from adapters.shared.keys.key import Key, New
from engine.errors import OutcomeUnknown, Refused, Transient

WHAT = "forgejo"
USER_PATH = "/api/v1/user"
_PAGE = 50
"""Forgejo's own MAX_RESPONSE_ITEMS, where nobody has changed it."""
_MOST_PAGES = 100
_OK, _CREATED, _NO_CONTENT, _MISSING = 200, 201, 204, 404


class Tokens:
    """An open connection with the password of the account."""

    def __init__(self, opened: httpx.Client, username: str) -> None:
        self._api = JsonApi(opened, WHAT, _HINTS)
        self._path = f"/api/v1/users/{quote(username, safe='')}/tokens"

    def listing(self) -> tuple[Key, ...]:
        """Return every token of the account; each is active as long as it is there."""
        return tuple(_key(each) for each in self._pages())

    def mint(self, name: str, like: str) -> New:
        """Make a token with the scopes of another; one bound to repositories is not copied."""
        model = next((each for each in self._pages() if str(each.get("id")) == like), None)
        if model is None:
            raise Refused(f"{WHAT} has no token with the id {like}")
        if model.get("repositories"):
            raise Refused(
                f"the token {like} is bound to some repositories, which are not copied",
                hint="Make the new token in the settings of the account.",
            )
        wanted = {"name": name, "scopes": model.get("scopes")}
        answer = self._api.ask("POST", self._path, _CREATED, json=wanted)
        value = answer.get("sha1")
        if not isinstance(value, str) or not value:
            raise Refused(f"{WHAT} made a token and tells its value in a form unknown to us")
        return New(_key(answer), SecretStr(value))

    def delete(self, identity: str) -> None:
        """Delete a token by its id; one that is not there is left so."""
        lost: Transient
        try:
            path = f"{self._path}/{quote(identity, safe='')}"
            self._api.ask("DELETE", path, _NO_CONTENT, _MISSING)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Deleting it again does no harm.")
        else:
            return
        raise lost

    def _pages(self) -> Iterator[dict[str, Any]]:
        """Yield every token; a page may hold fewer than asked for, and the last one holds none."""
        for number in range(1, _MOST_PAGES + 1):
            query = {"page": str(number), "limit": str(_PAGE)}
            page = self._api.fetch("GET", self._path, _OK, params=query)
            if not isinstance(page, list):
                raise Refused(f"{WHAT} answers with a list of tokens in a form unknown to us")
            if not page:
                return
            yield from (each for each in page if isinstance(each, dict))
        raise Refused(f"{WHAT} lists more than {_MOST_PAGES} pages, which cannot be right")


@contextmanager
def open_tokens(settings: ForgejoSettings) -> Iterator[Tokens]:
    """Open the tokens of the account for the length of a block."""
    if not settings.url or not settings.username or settings.password_file is None:
        raise Refused(
            "forgejo has no address, account or password set",
            hint="Set forgejo.url, forgejo.username and forgejo.password_file.",
        )
    password = read_secret(settings.password_file, "the password of the Forgejo account")
    account = httpx.BasicAuth(settings.username, password.get_secret_value())
    with http.client(settings.url, auth=account) as opened:
        yield Tokens(opened, settings.username)


def try_value(settings: ForgejoSettings, value: SecretStr) -> int:
    """Return how Forgejo answers a token that asks who it is; it needs the scope `read:user`."""
    headers = {"Authorization": f"token {header_text(value, 'a Forgejo token')}"}
    with http.client(settings.url, headers=headers) as opened:
        return http.send(opened, "GET", USER_PATH, what=WHAT).status_code


def _key(raw: dict[str, Any]) -> Key:
    identity, ending = raw.get("id"), raw.get("token_last_eight")
    if not isinstance(identity, int) or not isinstance(ending, str):
        raise Refused(f"{WHAT} describes a token in a form unknown to us")
    return Key(str(identity), str(raw.get("name")), "active", f"...{ending}")


_HINTS = {
    400: "Look at the scopes of the token in force; a name is taken once for each account.",
    401: "Put the local password of forgejo.username into forgejo.password_file.",
    403: "An account manages its own tokens, and with its password alone.",
    404: "Check forgejo.url and forgejo.username.",
}
