"""Double of Stripe's webhook endpoints, and of a receiver that verifies what they sign.

Protocol as in Stripe's API reference, "Webhook Endpoints", and its page on signatures: form-encoded
bodies, a secret told at the creation alone, at most 16 endpoints, pages by `starting_after`, 400
`parameter_unknown` for what is not known, and the version an answer is of in `Stripe-Version`. The
receiver refuses events of another release than its library's, as stripe-go and stripe-dotnet do.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from sandbox.keybook import BookKey, Keybook
from sandbox.keyring import UnknownKey
from sandbox.routes import Call, Refused, Routes
from sandbox.values import letters, stripe_key, webhook_secret

if TYPE_CHECKING:
    from sandbox.clock import Clock

_ENDPOINTS = "/v1/webhook_endpoints"
_MOST_ENDPOINTS = 16
_MOST = 100
_CREATE = frozenset({"url", "enabled_events", "api_version", "description", "metadata", "connect"})
_UPDATE = frozenset({"disabled"})
"""Of what the API takes, what is known here."""
DEFAULT_VERSION = "2025-09-30.clover"
"""The account's; events of an endpoint that has no version are of it."""
LIBRARY = "2025-03-31.basil"
"""The version that the receiver's library is made for."""
_EVENTS = ["checkout.session.completed", "invoice.paid", "customer.subscription.deleted"]


def stripe_endpoints(clock: Clock) -> Keybook:
    """Return the endpoints of the account; the one in force is seeded when its address is known."""
    book = Keybook(clock, lambda: f"we_1{letters(23)}")
    other = {"url": "https://erp.planapulse.ai/stripe", "enabled_events": ["payout.paid"]}
    book.seed("ERP", webhook_secret(), {**other, "metadata": {}, "api_version": None}, 400)
    return book


def seed_endpoint(book: Keybook, secret: str, url: str) -> None:
    """Put in the endpoint in force."""
    more = {"url": url, "enabled_events": _EVENTS, "metadata": {}, "api_version": LIBRARY}
    book.seed("website", secret, more, 95)


def stripe_keys(clock: Clock, current: str) -> Keybook:
    """Return the API keys of the account; people make and expire them in the dashboard."""
    book = Keybook(clock, lambda: f"mk_1{letters(23)}")
    book.seed("ERP", stripe_key(), {}, 400)
    book.seed("website", current, {}, 95)
    return book


def expire(book: Keybook, secret: str) -> None:
    """Let a key expire at once, as a person does in the dashboard; twice is as once."""
    key = book.key_of(secret)
    if key is not None:
        book.change(key.key_id, status="expired")


class Stripe:
    """The webhook endpoints of one account, and what its keys are answered."""

    def __init__(self, book: Keybook, api_key: str, keys: Keybook) -> None:
        self._book = book
        self._keys = keys
        self._api_key = api_key
        routes = Routes(missing=lambda _: _error(404, "Unrecognized request URL"))
        routes.add("GET", _ENDPOINTS, self._list)
        routes.add("POST", _ENDPOINTS, self._create)
        routes.add("GET", f"{_ENDPOINTS}/{{key}}", self._retrieve)
        routes.add("POST", f"{_ENDPOINTS}/{{key}}", self._update)
        routes.add("DELETE", f"{_ENDPOINTS}/{{key}}", self._delete)
        routes.add("GET", "/v1/balance", self._balance)
        self._routes = routes

    def answer(self, call: Call) -> Response:
        """Answer, and say of which version the answer is."""
        answer = self._routes(call)
        answer.headers["Stripe-Version"] = call.headers.get("stripe-version") or DEFAULT_VERSION
        return answer

    def _balance(self, call: Call) -> Response:
        if not self._keys.accepts(call.bearer() or ""):
            raise _refused(401, "Invalid or expired API Key provided")
        return JSONResponse({"object": "balance", "available": [], "livemode": True})

    def _list(self, call: Call) -> Response:
        self._check(call)
        limit, after = call.query.get("limit", "10"), call.query.get("starting_after")
        if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
            raise _refused(400, "This value must be between 1 and 100.")
        keys = self._book.listing()
        if after is not None:
            start = [key.key_id for key in keys].index(self._find(after).key_id) + 1
            keys = keys[start:]
        page = [_describe(key) for key in keys[: int(limit)]]
        has_more = len(keys) > int(limit)
        return JSONResponse({"object": "list", "data": page, "has_more": has_more})

    def _create(self, call: Call) -> Response:
        self._check(call)
        fields, events = _form(call, _CREATE)
        if not fields.get("url") or not events:
            raise _refused(400, "Missing required param: url or enabled_events.")
        if len(self._book.listing()) >= _MOST_ENDPOINTS:
            raise _refused(400, "You have reached the maximum of 16 test webhook endpoints.")
        more = {
            "url": fields["url"],
            "enabled_events": events,
            "api_version": fields.get("api_version"),
            "metadata": {
                name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")
            },
        }
        key = self._book.create(fields.get("description", ""), webhook_secret(), more)
        named = key.more["metadata"].get("runbook")
        key = self._book.change(key.key_id, name=named or key.name)
        return JSONResponse({**_describe(key), "secret": key.secret})

    def _retrieve(self, call: Call, key: str) -> Response:
        self._check(call)
        return JSONResponse(_describe(self._find(key)))

    def _update(self, call: Call, key: str) -> Response:
        self._check(call)
        self._find(key)
        fields, _ = _form(call, _UPDATE)
        if fields.get("disabled") not in ("true", "false"):
            raise _refused(400, "Invalid boolean: disabled")
        status = "disabled" if fields["disabled"] == "true" else "active"
        return JSONResponse(_describe(self._book.change(key, status=status)))

    def _delete(self, call: Call, key: str) -> Response:
        self._check(call)
        self._book.remove(self._find(key).key_id)
        return JSONResponse({"id": key, "object": "webhook_endpoint", "deleted": True})

    def _find(self, key_id: str) -> BookKey:
        try:
            return self._book.find(key_id)
        except UnknownKey:
            raise _refused(404, f"No such webhook endpoint: '{key_id}'") from None

    def _check(self, call: Call) -> None:
        if not hmac.compare_digest((call.bearer() or "").encode(), self._api_key.encode()):
            raise _refused(401, "Invalid API Key provided")


def takes_event(call: Call, secret: str, library: str = LIBRARY) -> bool:
    """Tell whether a receiver with this secret and a library of this version takes an event."""
    return is_signed(call, secret) and _release(json.loads(call.body)) == library.partition(".")[2]


def _release(event: dict[str, Any]) -> str:
    """Return the release that an event is of, such as `basil`; empty for versions before there were."""
    return str(event.get("api_version") or "").partition(".")[2]


def is_signed(call: Call, secret: str) -> bool:
    """Tell whether a request to the receiver is signed with this secret."""
    parts = dict(
        part.split("=", 1)
        for part in call.headers.get("stripe-signature", "").split(",")
        if "=" in part
    )
    message = f"{parts.get('t', '')}.".encode() + call.body
    wanted = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(parts.get("v1", "").encode(), wanted.encode())


def _form(call: Call, known: frozenset[str]) -> tuple[dict[str, str], list[str]]:
    pairs = parse_qsl(call.body.decode(), keep_blank_values=True)
    unknown = next((name for name, _ in pairs if name.partition("[")[0] not in known), None)
    if unknown is not None:
        raise _refused(400, f"Received unknown parameter: {unknown}", "parameter_unknown")
    events = [value for name, value in pairs if name == "enabled_events[]"]
    return {name: value for name, value in pairs if name != "enabled_events[]"}, events


def _describe(key: BookKey) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "object": "webhook_endpoint",
        "api_version": key.more["api_version"],
        "application": None,
        "created": int(key.created_at.timestamp()),
        "description": key.name or None,
        "enabled_events": key.more["enabled_events"],
        "livemode": False,
        "metadata": key.more["metadata"],
        "status": "enabled" if key.status == "active" else "disabled",
        "url": key.more["url"],
    }


def _refused(status: int, message: str, code: str | None = None) -> Refused:
    return Refused(_error(status, message, code))


def _error(status: int, message: str, code: str | None = None) -> Response:
    error = {
        "type": "invalid_request_error",
        "message": message,
        **({"code": code} if code else {}),
    }
    return JSONResponse({"error": error}, status_code=status)
