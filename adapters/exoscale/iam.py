"""Exoscale's IAM keys: list, create and delete.

Protocol as in the vendor's API reference, "API Key" (community.exoscale.com/reference/api/iam/api-key),
and the description its client is generated from (egoscale v3, `generator/source.yaml`): `/v2/api-key`
takes a name and the id of a role, whose policy says what the key may do; the secret is in the answer to
that request and nowhere else; a list shows key, name and role of each, has no pages, and no hint of a
secret. A key cannot be disabled and is not told to have been used. Deleting answers with an operation
that may end later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from adapters.exoscale.settings import ExoscaleSettings
from adapters.exoscale.signing import Pair, Signature
from adapters.shared import clock, http
from adapters.shared.files import read_secret
from adapters.shared.json_api import JsonApi
from adapters.shared.keys.key import Key, New
from engine.errors import OutcomeUnknown, Refused, Transient

WHAT = "exoscale"
KEYS_PATH = "/v2/api-key"
ENDING = 60.0
"""Seconds in which a deleted key must be gone from the list."""
_PAUSE = 1.0
_OK, _MISSING = 200, 404
_FAILED = ("failure", "timeout")
"""States of an operation that has ended badly."""


class Iam:
    """An open connection with the rights of the engine's own key."""

    def __init__(self, opened: httpx.Client, own: str) -> None:
        self._api = JsonApi(opened, WHAT, _HINTS)
        self._own = own

    def listing(self) -> tuple[Key, ...]:
        """Return every key of the organisation; each is active as long as it is there."""
        found = self._api.ask("GET", KEYS_PATH, _OK).get("api-keys", [])
        if not isinstance(found, list):
            raise Refused(f"{WHAT} answers with a list of keys in a form unknown to us")
        return tuple(_key(each) for each in found)

    def mint(self, name: str, like: str) -> New:
        """Make a key with the role of another."""
        role = self._api.ask("GET", _path(like), _OK).get("role-id")
        if not isinstance(role, str) or not role:
            raise Refused(f"{WHAT} does not tell the role of {like}, so no key can be made like it")
        answer = self._api.ask("POST", KEYS_PATH, _OK, json={"name": name, "role-id": role})
        secret = answer.get("secret")
        if not isinstance(secret, str) or not secret:
            raise Refused(f"{WHAT} made a key and tells its secret in a form unknown to us")
        return New(_key(answer), SecretStr(secret))

    def delete(self, identity: str) -> None:
        """Delete a key and wait until it is gone; one that is not there is left so.

        Raises `Refused` for the key that the engine itself signs with.
        """
        if identity == self._own:
            raise Refused(
                f"{identity} is the key the engine itself manages keys with",
                hint="Give the engine a key of its own, in exoscale.key_file.",
            )
        lost: Transient
        try:
            ended = self._api.ask("DELETE", _path(identity), _OK, _MISSING)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Deleting it again does no harm.")
        else:
            if ended.get("state") in _FAILED:
                raise Refused(f"{WHAT} did not delete {identity}: the operation ended badly")
            self._wait_until_gone(identity)
            return
        raise lost

    def _wait_until_gone(self, identity: str) -> None:
        deadline = clock.monotonic() + ENDING
        while any(key.identity == identity for key in self.listing()):
            if clock.monotonic() > deadline:
                raise Transient(f"{identity} is deleted and {WHAT} still lists it")
            clock.sleep(_PAUSE)


@contextmanager
def open_iam(settings: ExoscaleSettings) -> Iterator[Iam]:
    """Open the management of keys for the length of a block."""
    if settings.key_file is None or settings.secret_file is None:
        raise Refused(
            "no key with its secret is set for exoscale",
            hint="Set exoscale.key_file and exoscale.secret_file; the two are one credential.",
        )
    key = read_secret(settings.key_file, "the engine's Exoscale key").get_secret_value()
    secret = read_secret(settings.secret_file, "the secret of the engine's Exoscale key")
    with http.client(settings.url, auth=Signature(Pair(key, secret))) as opened:
        yield Iam(opened, key)


def _path(identity: str) -> str:
    return f"{KEYS_PATH}/{quote(identity, safe='')}"


def _key(raw: Any) -> Key:
    identity = raw.get("key") if isinstance(raw, dict) else None
    if not isinstance(identity, str) or not identity:
        raise Refused(f"{WHAT} describes a key in a form unknown to us")
    return Key(identity, str(raw.get("name")), "active", f"{identity}...")


_HINTS = {
    401: "Put a key and its secret, both of one pair, into exoscale.key_file and secret_file.",
    403: "See that both files are of one pair, that the clock is right, and that the role of the key "
    "allows list-api-keys, get-api-key, create-api-key and delete-api-key.",
    404: "Check the id of the key; it belongs to the organisation of exoscale.key_file.",
}
