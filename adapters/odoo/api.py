"""Odoo's JSON-2 API, as far as keys need it; the bearer of each request is a key itself.

Protocol as in Odoo's documentation, "External JSON-2 API" (developer/reference/external_api, 19.0)
and the source of 19.0, `odoo/addons/base/models/res_users.py` (`ResUsersApikeys`) and
`addons/rpc/controllers/json2.py`: `POST /json/2/<model>/<method>` with named arguments, 401 for a
key that is not valid, `generate` and `revoke` under any valid key of the user, 422 above ten keys,
403 for a key to revoke that is not valid. Each such 403 counts as a failed sign-in. A list of keys
tells name, scope and dates; nothing of the value, and nothing by which a value can be found in it. The
version begins with a number, or with `saas~19` at Odoo Online (`odoo/release.py`: "the MAJOR version can
become an arbitrary string").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from adapters.odoo.settings import OdooSettings
from adapters.shared import http
from adapters.shared.json_api import JsonApi, header_text
from adapters.shared.keys.key import Key
from engine.errors import OutcomeUnknown, Refused, Transient

WHAT = "odoo"
WHO_PATH = "/json/2/res.users/context_get"
KEYS_PATH = "/json/2/res.users.apikeys"
VERSION_PATH = "/web/version"
OLDEST = 19
"""The first version with the JSON-2 API."""
_MAJOR = re.compile(r"(?:saas~)?(\d{1,4})")
_OK, _FORBIDDEN = 200, 403


class Odoo:
    """An open connection under one key, with the rights of the user whose key it is."""

    def __init__(self, opened: httpx.Client) -> None:
        self._api = JsonApi(opened, WHAT, _HINTS)

    def user(self) -> int:
        """Return the id of the user whose key this is."""
        told = self._read(WHO_PATH, {})
        user = told.get("uid") if isinstance(told, dict) else None
        if not isinstance(user, int):
            raise Refused(f"{WHAT} tells in a form unknown to us whose key this is")
        return user

    def listing(self) -> tuple[Key, ...]:
        """Return every key of the user, in the order of their making; none has a hint."""
        wanted = {
            "domain": [["user_id", "=", self.user()]],
            "fields": ["name", "expiration_date"],
            "order": "id",
        }
        found = self._read(f"{KEYS_PATH}/search_read", wanted)
        if not isinstance(found, list):
            raise Refused(f"{WHAT} answers with a list of keys in a form unknown to us")
        return tuple(_key(each) for each in found)

    def generate(self, own: SecretStr, name: str, scope: str | None, expires: str) -> SecretStr:
        """Make a key and return its value; `own` is the key that this connection is open under."""
        wanted = {
            "key": own.get_secret_value(),
            "scope": scope,
            "name": name,
            "expiration_date": expires,
        }
        value = self._api.fetch("POST", f"{KEYS_PATH}/generate", _OK, json=wanted)
        if not isinstance(value, str) or not value:
            raise OutcomeUnknown(f"{WHAT} made a key and tells its value in a form unknown to us")
        return SecretStr(value)

    def revoke(self, value: SecretStr) -> None:
        """End a key for good; whether it has ended is to be asked of the key itself."""
        given = {"key": value.get_secret_value()}
        self._read(f"{KEYS_PATH}/revoke", given, _OK, _FORBIDDEN)

    def _read(self, path: str, given: dict[str, Any], *wanted: int) -> Any:
        """Send what may be sent again without harm, so that a lost answer is no more than that."""
        lost: Transient
        try:
            return self._api.fetch("POST", path, *(wanted or (_OK,)), json=given)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Asking again does no harm.")
        raise lost


@contextmanager
def open_odoo(settings: OdooSettings, key: SecretStr) -> Iterator[Odoo]:
    """Open a connection under a key for the length of a block."""
    with _client(settings, key) as opened:
        yield Odoo(opened)


def try_value(settings: OdooSettings, value: SecretStr) -> int:
    """Return the status of Odoo's answer to a key that asks whose it is, which changes nothing."""
    lost: Transient
    try:
        with _client(settings, value) as opened:
            return http.send(opened, "POST", WHO_PATH, what=WHAT, json={}).status_code
    except OutcomeUnknown as error:
        lost = Transient(error.message, hint="Asking again does no harm.")
    raise lost


def greet(settings: OdooSettings) -> str:
    """Say which Odoo answers; raise `Refused` for one that is too old, `Transient` for none."""
    with http.client(_address(settings)) as opened:
        told = JsonApi(opened, WHAT, _HINTS).ask("GET", VERSION_PATH, _OK)
    numbers = told.get("version_info")
    first = numbers[0] if isinstance(numbers, list) and numbers else None
    major = _major(first)
    if major is None:
        raise Refused(f"{WHAT} tells its version in a form unknown to us")
    if major < OLDEST:
        raise Refused(
            f"{WHAT} is version {first}, and keys are managed by API from {OLDEST} on",
            hint="Make and remove keys of an older Odoo by hand, in the preferences of the user.",
        )
    return f"{WHAT} {told.get('version')} answers"


def _major(told: Any) -> int | None:
    """Return the major version of `19` and of `saas~19`; None for anything else."""
    found = _MAJOR.fullmatch(str(told))
    return int(found[1]) if found else None


def _client(settings: OdooSettings, key: SecretStr) -> httpx.Client:
    headers = {"Authorization": f"bearer {header_text(key, 'an Odoo key')}"}
    if settings.database:
        headers["X-Odoo-Database"] = settings.database
    return http.client(_address(settings), headers=headers)


def _address(settings: OdooSettings) -> str:
    if not settings.url:
        raise Refused("odoo has no address set", hint="Set odoo.url.")
    return settings.url


def _key(raw: Any) -> Key:
    identity = raw.get("id") if isinstance(raw, dict) else None
    if not isinstance(identity, int):
        raise Refused(f"{WHAT} describes a key in a form unknown to us")
    ends = raw.get("expiration_date")
    return Key(str(identity), str(raw.get("name")), "expired" if _is_over(ends) else "active", "")


def _is_over(ends: Any) -> bool:
    """Tell whether a moment is over; Odoo writes them in UTC and without saying so, or `false`."""
    if not ends:
        return False
    try:
        moment = datetime.fromisoformat(str(ends)).replace(tzinfo=UTC)
    except ValueError:
        return False
    return moment < datetime.now(UTC)


_HINTS = {
    401: "The key is not valid; it may have expired. Make one in the preferences of the user.",
    403: "A key with a scope makes keys of that scope alone; after failed tries Odoo waits a minute.",
    404: "Check odoo.url and odoo.database, and that it is Odoo 19 or later.",
    422: "The user may have as many keys as it is allowed (ten, base.programmatic_api_keys_limit), "
    "may not manage keys (base.enable_programmatic_api_keys), or not for so long.",
}
