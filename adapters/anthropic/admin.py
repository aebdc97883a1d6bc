"""The Admin API for keys: list, read and update; it creates none and returns no secret.

Protocol as in Anthropic's reference "API keys" (`/v1/organizations/api_keys`): statuses are
active, inactive (reversible), archived and expired (both final); `expires_at` is when a key ends by
itself, in the form of RFC 3339, or null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field, SecretStr

from adapters.shared import http
from adapters.shared.files import read_secret
from adapters.shared.json_api import header_text
from adapters.shared.keys.key import Key
from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import Frozen

WHAT = "anthropic"
KEYS_PATH = "/v1/organizations/api_keys"
_PAGE = 100
_MOST_PAGES = 100
_OK, _UNAUTHENTICATED, _FORBIDDEN, _MISSING = 200, 401, 403, 404


class AnthropicSettings(Frozen):
    """How the provider is reached."""

    url: str = Field(default="https://api.anthropic.com", description="Address of the API.")
    admin_key_file: Path | None = Field(
        default=None, description="File that holds an Admin API key."
    )
    version: str = Field(default="2023-06-01", description="Value of the version header.")


class Admin:
    """An open connection with the rights of an Admin API key."""

    def __init__(self, opened: httpx.Client) -> None:
        self._http = opened

    def keys(self, status: str | None = None) -> tuple[Key, ...]:
        """Return all keys of the organisation, or those of one status."""
        return tuple(self._pages(status))

    def listing(self) -> tuple[Key, ...]:
        """Return all keys of the organisation."""
        return self.keys()

    def count_page(self) -> int:
        """Return how many keys the first page has: the cheapest proof that the Admin key works."""
        return len(self._data(self._ask("GET", KEYS_PATH, params={"limit": str(_PAGE)})))

    def find(self, identity: str) -> Key:
        """Return one key; raise `Refused` where there is none of this id."""
        return _key(self._ask("GET", f"{KEYS_PATH}/{identity}"))

    def switch(self, identity: str, *, active: bool) -> Key:
        """Make a key active or not, and return it; twice is as once."""
        return self.put_status(identity, "active" if active else "inactive")

    def put_status(self, identity: str, status: str) -> Key:
        """Set the status of a key.

        Setting it twice is the same as once, so a lost answer is `Transient` here.
        """
        lost: Transient
        try:
            return _key(self._ask("POST", f"{KEYS_PATH}/{identity}", json={"status": status}))
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Setting the status again does no harm.")
        raise lost

    def _pages(self, status: str | None) -> Iterator[Key]:
        query = {"limit": str(_PAGE)} | ({"status": status} if status else {})
        for _ in range(_MOST_PAGES):
            page = self._ask("GET", KEYS_PATH, params=query)
            yield from (_key(each) for each in self._data(page))
            if not page.get("has_more"):
                return
            query["after_id"] = str(page.get("last_id", ""))
        raise Refused(f"{WHAT} lists more than {_PAGE * _MOST_PAGES} keys, which cannot be right")

    def _data(self, page: dict[str, object]) -> list[dict[str, object]]:
        data = page.get("data")
        if not isinstance(data, list):
            raise Refused(f"{WHAT} answers with a list of keys in a form unknown to us")
        return [each for each in data if isinstance(each, dict)]

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, object]:
        response = http.send(self._http, method, path, what=WHAT, **options)
        if response.status_code != _OK:
            raise _refusal(response.status_code, f"{method} {path}")
        try:
            answer = json.loads(response.content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Transient(
                f"{WHAT} answered {method} {path} with something that is no JSON object"
            )
        return answer


@contextmanager
def open_admin(settings: AnthropicSettings) -> Iterator[Admin]:
    """Open the Admin API for the length of a block."""
    if settings.admin_key_file is None:
        raise Refused(
            "no Admin API key is set for anthropic",
            hint="Set anthropic.admin_key_file to a file that holds one.",
        )
    key = read_secret(settings.admin_key_file, "the Anthropic Admin API key")
    with open_client(settings, key) as opened:
        yield Admin(opened)


@contextmanager
def open_client(settings: AnthropicSettings, key: SecretStr) -> Iterator[httpx.Client]:
    """Open the API under one key for the length of a block."""
    text = header_text(key, "an Anthropic key")
    headers = {"x-api-key": text, "anthropic-version": settings.version}
    with http.client(settings.url, headers=headers) as opened:
        yield opened


def _key(raw: dict[str, object]) -> Key:
    identity, status = raw.get("id"), raw.get("status")
    if not isinstance(identity, str) or not isinstance(status, str):
        raise Refused(f"{WHAT} describes a key in a form unknown to us")
    hint, ends = raw.get("partial_key_hint") or "", raw.get("expires_at") or ""
    return Key(identity, str(raw.get("name")), status, str(hint), str(ends))


def _refusal(status: int, request: str) -> Refused:
    if status == _UNAUTHENTICATED:
        return Refused(
            f"{WHAT} does not accept the Admin API key: {request} gave 401",
            hint="Put a valid one (sk-ant-admin...) into the file of anthropic.admin_key_file.",
        )
    if status == _FORBIDDEN:
        return Refused(
            f"the Admin API key may not do this at {WHAT}: {request} gave 403",
            hint="Use an Admin API key of this organisation, not an ordinary key.",
        )
    if status == _MISSING:
        return Refused(
            f"{WHAT} knows no such key: {request} gave 404",
            hint="Check the key id, and that the Admin API key is of the same organisation.",
        )
    return Refused(f"{WHAT} rejects {request}: {status}")
