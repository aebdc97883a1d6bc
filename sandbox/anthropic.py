"""Double of the Anthropic Admin API for keys and of enough of the data plane to prove a key.

Protocol as in the vendor's reference, `admin-api/apikeys`: keys are listed, read and updated; the
API creates none and never returns a secret. `archived` is final, `inactive` is reversible.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.keyring import ProviderKey, Ring, UnknownKey
from sandbox.routes import Call, Refused, Routes

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYS = "/v1/organizations/api_keys"
_STATUSES = {"active", "inactive", "archived", "expired"}
_SETTABLE = {"active", "inactive", "archived"}
_MOST = 1000


class Anthropic:
    """The provider's two surfaces over one ring of keys."""

    def __init__(self, ring: Ring, admin_key: str) -> None:
        self._ring = ring
        self._admin_key = admin_key
        routes = Routes(missing=lambda _: _error(404, "not_found_error", "Not found"))
        routes.add("GET", _KEYS, self._list)
        routes.add("GET", f"{_KEYS}/{{key}}", self._retrieve)
        routes.add("POST", f"{_KEYS}/{{key}}", self._update)
        routes.add("GET", "/v1/models", self._models)
        routes.add("POST", "/v1/messages", self._message)
        self.answer = routes

    def _list(self, call: Call) -> Response:
        self._check_admin(call)
        keys = self._filtered(call)
        limit = _limit(call)
        page, has_more = _page(keys, limit, call.query.get("after_id"), call.query.get("before_id"))
        return JSONResponse(
            {
                "data": [key.describe() for key in page],
                "has_more": has_more,
                "first_id": page[0].key_id if page else None,
                "last_id": page[-1].key_id if page else None,
            }
        )

    def _filtered(self, call: Call) -> list[ProviderKey]:
        wanted, workspace = call.query.get("status"), call.query.get("workspace_id")
        if wanted is not None and wanted not in _STATUSES:
            raise _invalid(f"status: Input should be one of {sorted(_STATUSES)}")
        keys = [key for key in self._ring.listing() if wanted in (None, key.status)]
        return [key for key in keys if workspace in (None, key.workspace_id)]

    def _retrieve(self, call: Call, key: str) -> Response:
        self._check_admin(call)
        return JSONResponse(self._find(key).describe())

    def _update(self, call: Call, key: str) -> Response:
        self._check_admin(call)
        found = self._find(key)
        wanted = _wanted(call)
        if found.status in ("archived", "expired") and wanted.get("status", found.status) != (
            found.status
        ):
            raise _invalid(f"API key is {found.status}; its status cannot be changed")
        return JSONResponse(self._ring.update(key, **wanted).describe())

    def _models(self, call: Call) -> Response:
        self._check_data_key(call)
        model = {"type": "model", "id": "claude-sonnet-4-5", "display_name": "Claude Sonnet 4.5"}
        page = {"data": [model], "has_more": False, "first_id": model["id"], "last_id": model["id"]}
        return JSONResponse(page)

    def _message(self, call: Call) -> Response:
        self._check_data_key(call)
        body = _object(call)
        missing = [name for name in ("model", "max_tokens", "messages") if name not in body]
        if missing:
            raise _invalid(f"{missing[0]}: Field required")
        return JSONResponse(
            {
                "id": f"msg_{secrets.token_hex(12)}",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": [{"type": "text", "text": "Hello from the sandbox."}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 8, "output_tokens": 6},
            }
        )

    def _find(self, key_id: str) -> ProviderKey:
        try:
            return self._ring.find(key_id)
        except UnknownKey:
            raise Refused(_error(404, "not_found_error", "API key not found")) from None

    def _check_admin(self, call: Call) -> None:
        given = call.headers.get("x-api-key", "")
        if not hmac.compare_digest(given.encode(), self._admin_key.encode()):
            raise _unauthenticated()
        _check_version(call)

    def _check_data_key(self, call: Call) -> None:
        if not self._ring.accepts(call.headers.get("x-api-key", "")):
            raise _unauthenticated()
        _check_version(call)


def _page(
    keys: Sequence[ProviderKey], limit: int, after: str | None, before: str | None
) -> tuple[list[ProviderKey], bool]:
    ids = [key.key_id for key in keys]
    for name, cursor in (("after_id", after), ("before_id", before)):
        if cursor is not None and cursor not in ids:
            raise _invalid(f"{name}: no such API key")
    if before is not None:
        rest = list(keys[: ids.index(before)])
        return rest[-limit:], len(rest) > limit
    rest = list(keys[ids.index(after) + 1 :] if after is not None else keys)
    return rest[:limit], len(rest) > limit


def _limit(call: Call) -> int:
    given = call.query.get("limit", "20")
    if not given.isdecimal() or not 1 <= int(given) <= _MOST:
        raise _invalid(f"limit: Input should be a number from 1 to {_MOST}")
    return int(given)


def _wanted(call: Call) -> dict[str, str]:
    body = _object(call)
    unknown = sorted(set(body) - {"name", "status"})
    if unknown:
        raise _invalid(f"{unknown[0]}: Extra inputs are not permitted")
    if "status" in body and body["status"] not in _SETTABLE:
        raise _invalid(f"status: Input should be one of {sorted(_SETTABLE)}")
    if "name" in body and not (isinstance(body["name"], str) and body["name"]):
        raise _invalid("name: String should have at least 1 character")
    return body


def _object(call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _invalid("request body: Input should be a JSON object")
    return body


def _check_version(call: Call) -> None:
    if not call.headers.get("anthropic-version"):
        raise _invalid("anthropic-version: header is required")


def _unauthenticated() -> Refused:
    return Refused(_error(401, "authentication_error", "invalid x-api-key"))


def _invalid(message: str) -> Refused:
    return Refused(_error(400, "invalid_request_error", message))


def _error(status: int, kind: str, message: str) -> Response:
    identity = f"req_{secrets.token_hex(12)}"
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": identity}
    return JSONResponse(body, status_code=status, headers={"request-id": identity})
