"""Double of Exoscale: IAM keys with roles, and the lists that a key of a role may ask for.

Protocol as in the vendor's API reference, "API Key" and "API Request Signature", and the description
its client is made from (egoscale v3, `generator/source.yaml`). Each request is signed; a signature that
does not hold is answered 403 `Invalid request signature`, and an operation that the role does not allow
403 `Forbidden by role policy for ...`. What is answered to a key that is gone is written nowhere; this
double gives the answer to a signature that does not hold.
"""

from __future__ import annotations

import hmac
import time
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.exosign import read_header, sign
from sandbox.keybook import BookKey, Keybook
from sandbox.keyring import UnknownKey
from sandbox.routes import Call, Refused, Routes
from sandbox.values import exoscale_key, exoscale_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.clock import Clock

_KEYS = "/v2/api-key"
_LONGEST_NAME = 255
IAM_ROLE, DNS_ROLE, SKS_ROLE = (
    "3a1f7bd0-6f0c-4b53-9d5b-5a3f6a1c0d01",
    "3a1f7bd0-6f0c-4b53-9d5b-5a3f6a1c0d02",
    "3a1f7bd0-6f0c-4b53-9d5b-5a3f6a1c0d03",
)
_ROLES: Mapping[str, frozenset[str]] = {
    IAM_ROLE: frozenset({"list-api-keys", "get-api-key", "create-api-key", "delete-api-key"}),
    DNS_ROLE: frozenset({"list-dns-domains"}),
    SKS_ROLE: frozenset({"list-sks-clusters"}),
}
"""What the policy of each role allows."""
_SERVICES: Mapping[str, str] = {"dns": "dns", "sks": "compute", "api": "iam"}


class Pairs(Keybook):
    """IAM keys by their id, which is one half of the credential; the other is the secret."""

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        super().__init__(clock, new_id)
        self._ever: dict[str, str] = {}

    def create(self, name: str, secret: str, more: Mapping[str, Any]) -> BookKey:
        """Make a key and remember its secret for ever."""
        made = super().create(name, secret, more)
        self._ever[made.key_id] = secret
        return made

    def seed(
        self, name: str, secret: str, more: Mapping[str, Any], days: int, status: str = "active"
    ) -> BookKey:
        """Put in a key and remember its secret for ever."""
        made = super().seed(name, secret, more, days, status)
        self._ever[made.key_id] = secret
        return made

    def identifiers(self) -> frozenset[str]:
        """Return the id of every key there ever was; none of them is a secret."""
        return frozenset(self._ever)

    def belongs(self, key: str, secret: str) -> bool:
        """Tell whether the two were ever made together, living or not."""
        return self._ever.get(key, "") == secret != ""

    def accepts_pair(self, key: str, secret: str) -> bool:
        """Tell whether the two are a living key and its own secret."""
        try:
            found = self.find(key)
        except UnknownKey:
            return False
        return hmac.compare_digest(found.secret.encode(), secret.encode())


def exoscale_keys(clock: Clock, key: str, secret: str) -> Pairs:
    """Return the keys of the organisation as they are before the first run."""
    coming = iter([exoscale_key(), key])
    book = Pairs(clock, lambda: next(coming, None) or exoscale_key())
    book.seed("plana-sks-autoscaler", exoscale_secret(), {"role-id": SKS_ROLE}, 200)
    book.seed("plana-external-dns", secret, {"role-id": DNS_ROLE}, 95)
    return book


class Exoscale:
    """The API over one book of keys; the engine's own pair is in no list of it."""

    def __init__(self, book: Pairs, own: tuple[str, str]) -> None:
        self._book = book
        self._own = own
        routes = Routes(missing=lambda _: _error(404, "Not Found"))
        routes.add("GET", _KEYS, self._list)
        routes.add("POST", _KEYS, self._create)
        routes.add("GET", f"{_KEYS}/{{key}}", self._retrieve)
        routes.add("DELETE", f"{_KEYS}/{{key}}", self._delete)
        routes.add("GET", "/v2/dns-domain", self._domains)
        routes.add("GET", "/v2/sks-cluster", self._clusters)
        self.answer = routes

    def _list(self, call: Call) -> Response:
        self._check(call, "list-api-keys")
        return JSONResponse({"api-keys": [_describe(key) for key in self._book.listing()]})

    def _create(self, call: Call) -> Response:
        self._check(call, "create-api-key")
        body = _body(call)
        name, role = body.get("name"), body.get("role-id")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise Refused(_error(400, "Invalid name"))
        if role not in _ROLES:
            raise Refused(_error(404, "IAM role not found"))
        made = self._book.create(name, exoscale_secret(), {"role-id": role})
        return JSONResponse({**_describe(made), "secret": made.secret})

    def _retrieve(self, call: Call, key: str) -> Response:
        self._check(call, "get-api-key")
        return JSONResponse(_describe(self._find(key)))

    def _delete(self, call: Call, key: str) -> Response:
        self._check(call, "delete-api-key")
        self._book.remove(self._find(key).key_id)
        reference = {"id": str(uuid.uuid4()), "command": "get-api-key"}
        operation = {"id": str(uuid.uuid4()), "state": "pending", "reference": reference}
        return JSONResponse(operation)

    def _domains(self, call: Call) -> Response:
        self._check(call, "list-dns-domains")
        domain = {"id": "89083a5c-b648-474a-0000-0000000e0a1d", "unicode-name": "planapulse.com"}
        return JSONResponse({"dns-domains": [domain]})

    def _clusters(self, call: Call) -> Response:
        self._check(call, "list-sks-clusters")
        return JSONResponse({"sks-clusters": []})

    def _find(self, key: str) -> BookKey:
        try:
            return self._book.find(key)
        except UnknownKey:
            raise Refused(_error(404, "API key not found")) from None

    def _check(self, call: Call, operation: str) -> None:
        """End the call unless it is signed by a living key whose role allows the operation."""
        signed = read_header(call.headers.get("authorization", ""))
        if signed is None:
            raise Refused(_error(403, "Invalid authorization header"))
        secret, role = self._known(signed.credential)
        is_whole = sorted(call.query) == sorted(signed.names)
        values = "".join(call.query.get(name, "") for name in signed.names)
        line = f"{call.method} {call.path}"
        wanted = sign(secret, line, call.body, values, signed.expires)
        if not secret or not is_whole or not hmac.compare_digest(wanted, signed.signature):
            raise Refused(_error(403, "Invalid request signature"))
        if signed.expires < time.time():
            raise Refused(_error(403, "Request signature expired"))
        if operation not in _ROLES[role]:
            service = _SERVICES[operation.split("-")[1]]
            raise Refused(_error(403, f"Forbidden by role policy for {service}"))

    def _known(self, key: str) -> tuple[str, str]:
        """Return the secret and the role of a key; an empty secret for one that is not there."""
        if key == self._own[0]:
            return self._own[1], IAM_ROLE
        try:
            found = self._book.find(key)
        except UnknownKey:
            return "", IAM_ROLE
        return found.secret, str(found.more["role-id"])


def _body(call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(_error(400, "Malformed request body"))
    return body


def _describe(key: BookKey) -> dict[str, Any]:
    return {"key": key.key_id, "name": key.name, "role-id": key.more["role-id"]}


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)
