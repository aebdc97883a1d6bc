"""OpenRouter's management of keys: list, create, update and delete.

Protocol as in the vendor's reference "API Keys" (openrouter.ai/docs/api/api-reference/api-keys:
list, create-keys, update-keys, delete-keys) and its guide "Management API Keys": `/api/v1/keys`
under the Bearer of a management key, pages of 100 by `offset`, disabled keys only with
`include_disabled`. A key is known by its `hash`; its secret, `key`, is in the answer to the request
that made it and nowhere else; `label` shows a few letters of it, as `sk-or-v1-0e6...1c96`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from adapters.openrouter.guardrails import assign, guardrail_of
from adapters.openrouter.settings import OpenRouterSettings
from adapters.shared import http
from adapters.shared.files import read_secret
from adapters.shared.json_api import JsonApi, header_text
from adapters.shared.keys.key import Key, New
from engine.errors import OutcomeUnknown, Refused, Transient

WHAT = "openrouter"
KEYS_PATH = "/api/v1/keys"
OWN_PATH = "/api/v1/key"
INHERITED = ("limit", "limit_reset", "include_byok_in_limit", "workspace_id", "creator_user_id")
"""What a key may spend, where it is and whose it is, taken over from the old key."""
_PAGE = 100
_MOST_PAGES = 100
_OK, _CREATED, _MISSING = 200, 201, 404


class Management:
    """An open connection with the rights of a management key."""

    def __init__(self, opened: httpx.Client, workspace: str | None) -> None:
        self._api = JsonApi(opened, WHAT, _HINTS)
        self._workspace = workspace

    def listing(self) -> tuple[Key, ...]:
        """Return every key of the workspace, disabled ones too."""
        return tuple(_key(each) for each in self._pages())

    def mint(self, name: str, like: str) -> New:
        """Make a key with the limits and the guardrail of another.

        One with an end of its own is not copied. If the guardrail cannot be had, the new key is an
        orphan, whose value nobody is told.
        """
        model = self._data(self._api.ask("GET", f"{KEYS_PATH}/{like}", _OK))
        if model.get("expires_at"):
            raise Refused(
                f"{like} expires by itself at {model['expires_at']}, so a new key would too",
                hint="Make the new key in the OpenRouter settings, with the end it is to have.",
            )
        guardrail = guardrail_of(self._api, like)
        wanted = {each: model[each] for each in INHERITED if model.get(each) is not None}
        answer = self._api.ask("POST", KEYS_PATH, _CREATED, json={"name": name, **wanted})
        value = answer.get("key")
        if not isinstance(value, str) or not value:
            raise Refused(f"{WHAT} made a key and tells its value in a form unknown to us")
        made = New(_key(self._data(answer)), SecretStr(value))
        if guardrail:
            assign(self._api, guardrail, made.key.identity)
        return made

    def switch(self, identity: str, *, active: bool) -> Key:
        """Disable or enable a key; a lost answer is `Transient`, as twice is the same as once."""
        lost: Transient
        try:
            changed = {"disabled": not active}
            answer = self._api.ask("PATCH", f"{KEYS_PATH}/{identity}", _OK, json=changed)
            return _key(self._data(answer))
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Setting it again does no harm.")
        raise lost

    def delete(self, identity: str) -> None:
        """Delete a key; one that is not there is left so."""
        lost: Transient
        try:
            self._api.ask("DELETE", f"{KEYS_PATH}/{identity}", _OK, _MISSING)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Deleting it again does no harm.")
        else:
            return
        raise lost

    def _pages(self) -> Iterator[dict[str, Any]]:
        query = {"include_disabled": "true"}
        if self._workspace:
            query["workspace_id"] = self._workspace
        for number in range(_MOST_PAGES):
            query["offset"] = str(number * _PAGE)
            page = self._api.ask("GET", KEYS_PATH, _OK, params=query).get("data")
            if not isinstance(page, list):
                raise Refused(f"{WHAT} answers with a list of keys in a form unknown to us")
            yield from (each for each in page if isinstance(each, dict))
            if len(page) < _PAGE:
                return
        raise Refused(f"{WHAT} lists more than {_PAGE * _MOST_PAGES} keys, which cannot be right")

    def _data(self, answer: dict[str, Any]) -> dict[str, Any]:
        data = answer.get("data")
        if not isinstance(data, dict):
            raise Refused(f"{WHAT} describes a key in a form unknown to us")
        return data


@contextmanager
def open_management(settings: OpenRouterSettings) -> Iterator[Management]:
    """Open the management of keys for the length of a block."""
    if settings.management_key_file is None:
        raise Refused(
            "no management key is set for openrouter",
            hint="Set openrouter.management_key_file to a file that holds one.",
        )
    key = read_secret(settings.management_key_file, "the OpenRouter management key")
    with _open(settings, key) as opened:
        yield Management(opened, settings.workspace)


def try_value(settings: OpenRouterSettings, value: SecretStr) -> int:
    """Return how OpenRouter answers a key that asks about itself, which costs nothing."""
    with _open(settings, value) as opened:
        return http.send(opened, "GET", OWN_PATH, what=WHAT).status_code


def _open(settings: OpenRouterSettings, key: SecretStr) -> httpx.Client:
    text = header_text(key, "an OpenRouter key")
    return http.client(settings.url, headers={"Authorization": f"Bearer {text}"})


def _key(raw: dict[str, Any]) -> Key:
    identity, disabled = raw.get("hash"), raw.get("disabled")
    if not isinstance(identity, str) or not isinstance(disabled, bool):
        raise Refused(f"{WHAT} describes a key in a form unknown to us")
    status = "disabled" if disabled else "active"
    return Key(identity, str(raw.get("name")), status, str(raw.get("label") or ""))


_HINTS = {
    400: "OpenRouter may refuse a limit, or a creator who is no member any more; make the key by hand.",
    401: "Put a valid management key into the file of openrouter.management_key_file.",
    403: "Use a management key; an ordinary key may not manage keys.",
    404: "Check the id of the key, and `openrouter.workspace`.",
}
