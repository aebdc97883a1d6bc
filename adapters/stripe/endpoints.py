"""Stripe's webhook endpoints: each has a signing secret, told when the endpoint is made.

Protocol as in Stripe's API reference, "Webhook Endpoints" (docs.stripe.com/api/webhook_endpoints:
create, list, update, delete): bodies are form-encoded, `secret` is in the answer to the creation
alone, lists go on after the last id while `has_more`. The API has no call that rolls a secret; the
dashboard has. A second endpoint on the same address does the same: while both are enabled Stripe
sends every event to each, signed with its own secret, and sends again what was refused. Events are
of the `api_version` of the endpoint, or else of the account's default version
(docs.stripe.com/webhooks/versioning), which the header `Stripe-Version` of an answer tells where the
request named none (stripe-node, `src/RequestSender.ts`: `lastResponse.apiVersion`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from adapters.shared import http
from adapters.shared.files import read_secret
from adapters.shared.json_api import JsonApi, header_text
from adapters.shared.keys.key import Key, New
from adapters.stripe.settings import StripeSettings
from engine.errors import OutcomeUnknown, Refused, Transient

WHAT = "stripe"
ENDPOINTS_PATH = "/v1/webhook_endpoints"
_MARK = "runbook"
"""Key of an endpoint's metadata that holds the name it was minted under."""
_VERSION = "Stripe-Version"
_PAGE = 100
_MOST_PAGES = 100
_OK, _MISSING = 200, 404


class Endpoints:
    """An open connection with a key that may write webhook endpoints."""

    def __init__(self, opened: httpx.Client, default_version: Callable[[], str]) -> None:
        self._api = JsonApi(opened, WHAT, _HINTS)
        self._default_version = default_version

    def listing(self) -> tuple[Key, ...]:
        """Return every endpoint as a key without a hint: Stripe shows nothing of a secret."""
        return tuple(_key(each) for each in self._pages())

    def at(self, url: str) -> tuple[Key, ...]:
        """Return the endpoints of one address, disabled ones too."""
        return tuple(_key(each) for each in self._pages() if each.get("url") == url)

    def version(self, identity: str) -> str:
        """Return the API version of the events that an endpoint is sent."""
        own = self._api.ask("GET", f"{ENDPOINTS_PATH}/{identity}", _OK).get("api_version")
        return str(own) if own else self._default_version()

    def mint(self, name: str, like: str) -> New:
        """Make an endpoint that gets the same events at the same address as another.

        Version, description and metadata are those of the other one, too.
        """
        model = self._api.ask("GET", f"{ENDPOINTS_PATH}/{like}", _OK)
        if model.get("application"):
            raise Refused(
                f"{like} is of a Connect application, which is not copied",
                hint="Roll its secret in the Stripe dashboard.",
            )
        marks = {**_marks(model), _MARK: name}
        wanted: dict[str, Any] = {
            "url": model.get("url"),
            "enabled_events[]": model.get("enabled_events"),
            **{f"metadata[{key}]": value for key, value in marks.items()},
        }
        for field in ("api_version", "description"):
            if model.get(field):
                wanted[field] = model[field]
        answer = self._api.ask("POST", ENDPOINTS_PATH, _OK, data=wanted)
        value = answer.get("secret")
        if not isinstance(value, str) or not value:
            raise Refused(f"{WHAT} made an endpoint and tells its secret in a form unknown to us")
        return New(_key(answer), SecretStr(value))

    def switch(self, identity: str, *, active: bool) -> Key:
        """Enable or disable an endpoint; a lost answer is `Transient`, as twice is as once."""
        changed = {"disabled": "false" if active else "true"}
        return _key(self._again("POST", identity, changed, _OK))

    def delete(self, identity: str) -> None:
        """Delete an endpoint; one that is not there is left so."""
        self._again("DELETE", identity, None, _OK, _MISSING)

    def _again(
        self, method: str, identity: str, data: Mapping[str, str] | None, *wanted: int
    ) -> dict[str, Any]:
        lost: Transient
        try:
            return self._api.ask(method, f"{ENDPOINTS_PATH}/{identity}", *wanted, data=data)
        except OutcomeUnknown as error:
            lost = Transient(error.message, hint="Doing it again does no harm.")
        raise lost

    def _pages(self) -> Iterator[dict[str, Any]]:
        query = {"limit": str(_PAGE)}
        for _ in range(_MOST_PAGES):
            page = self._api.ask("GET", ENDPOINTS_PATH, _OK, params=query)
            data = page.get("data")
            if not isinstance(data, list):
                raise Refused(f"{WHAT} answers with a list of endpoints in a form unknown to us")
            found = [each for each in data if isinstance(each, dict)]
            yield from found
            if not page.get("has_more") or not found:
                return
            query["starting_after"] = str(found[-1].get("id"))
        raise Refused(f"{WHAT} lists more than {_PAGE * _MOST_PAGES} endpoints, which cannot be")


@contextmanager
def open_endpoints(settings: StripeSettings) -> Iterator[Endpoints]:
    """Open the webhook endpoints for the length of a block."""
    if settings.secret_key_file is None:
        raise Refused(
            "no key is set for stripe",
            hint="Set stripe.secret_key_file to a file that holds a restricted key.",
        )
    key = read_secret(settings.secret_key_file, "the Stripe key")
    own = {"Authorization": f"Bearer {header_text(key, 'a Stripe key')}"}
    named = {_VERSION: settings.version} if settings.version else {}
    with http.client(settings.url, headers={**own, **named}) as opened:
        yield Endpoints(opened, lambda: _default_version(settings.url, own))


def _default_version(url: str, headers: Mapping[str, str]) -> str:
    """Return the account's default version, which is told where none is asked for."""
    with http.client(url, headers=headers) as opened:
        answer = http.send(opened, "GET", ENDPOINTS_PATH, what=WHAT, params={"limit": "1"})
    told = answer.headers.get(_VERSION)
    if answer.status_code != _OK or not told:
        raise Refused(
            f"{WHAT} does not tell the account's default version: the answer was {answer.status_code}",
            hint="Make an endpoint that has an `api_version` of its own, and rotate that.",
        )
    return str(told)


def _key(raw: dict[str, Any]) -> Key:
    identity, status = raw.get("id"), raw.get("status")
    if not isinstance(identity, str) or not isinstance(status, str):
        raise Refused(f"{WHAT} describes an endpoint in a form unknown to us")
    shown = _marks(raw).get(_MARK) or raw.get("description") or raw.get("url")
    return Key(identity, str(shown), "active" if status == "enabled" else status, "")


def _marks(raw: dict[str, Any]) -> dict[str, Any]:
    marks = raw.get("metadata")
    return marks if isinstance(marks, dict) else {}


_HINTS = {
    400: "An account has room for some endpoints only; end one that is not used.",
    401: "Put a valid key into the file of stripe.secret_key_file.",
    403: "The restricted key must be allowed to write webhook endpoints.",
    404: "Check the id, and that the key is of the same account and mode (live or test).",
}
