"""Double of OpenRouter's management of keys, and of enough of the rest to prove a key.

Protocol as in the vendor's reference, "API Keys" (`list`, `create-keys`, `get-key`, `update-keys`,
`delete-keys`, `get-current-key`), and its guide "Management API Keys": a management key manages and
calls no model, a disabled key is answered 401, the list leaves disabled keys out unless asked. From its
OpenAPI description: keys are listed of one workspace, by default of the default one, a creator is one
of the organisation's members, and a key holds one guardrail at most, which is assigned afterwards.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.clock import stamp
from sandbox.keybook import BookKey, Keybook
from sandbox.keyring import UnknownKey
from sandbox.routes import Call, Refused, Routes
from sandbox.values import openrouter_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock

_KEYS = "/api/v1/keys"
_PAGE = 100
_RESETS = ("daily", "weekly", "monthly", None)
_CREATE = frozenset({"name", "limit", "limit_reset", "include_byok_in_limit", "expires_at",
                     "workspace_id", "creator_user_id"})  # fmt: skip
_UPDATE = frozenset({"name", "limit", "limit_reset", "include_byok_in_limit", "disabled"})
_GUARDRAILS = "/api/v1/guardrails"
WORKSPACE, OTHER_WORKSPACE = (
    "0df9e665-d932-5740-b2c7-b52af166bc11", "6a1b0c1e-2f4d-5a6b-8c7d-9e0f1a2b3c4d",
)  # fmt: skip
"""The default workspace, and another one."""
GUARDRAIL, LAXER_GUARDRAIL = (
    "550e8400-e29b-41d4-a716-446655440001", "550e8400-e29b-41d4-a716-446655440002",
)  # fmt: skip
_MEMBER = "user_2dHFtVWx2n56w6HkM0000000000"


def openrouter_keys(clock: Clock, current: str) -> Keybook:
    """Return the keys of the account as they are before the first run."""
    book = Keybook(clock, lambda: secrets.token_hex(32))
    shared = {"include_byok_in_limit": False, "workspace_id": WORKSPACE, "creator_user_id": _MEMBER}
    plain = {"limit": None, "limit_reset": None, **shared}
    book.seed("plana-trial", openrouter_key(), plain, 300, "disabled")
    book.seed("plana-ci-evals", openrouter_key(), plain, 120)
    capped = {"limit": 200, "limit_reset": "monthly", **shared, "guardrail": GUARDRAIL}
    book.seed("plana-ai-agents", current, capped, 95)
    return book


class OpenRouter:
    """The provider's two surfaces over one book of keys."""

    def __init__(self, book: Keybook, management_key: str) -> None:
        self._book = book
        self._management_key = management_key
        routes = Routes(missing=lambda _: _error(404, "Not Found"))
        routes.add("GET", _KEYS, self._list)
        routes.add("POST", _KEYS, self._create)
        routes.add("GET", f"{_KEYS}/{{key}}", self._retrieve)
        routes.add("PATCH", f"{_KEYS}/{{key}}", self._update)
        routes.add("DELETE", f"{_KEYS}/{{key}}", self._delete)
        routes.add("GET", f"{_GUARDRAILS}/assignments/keys", self._assignments)
        routes.add("POST", f"{_GUARDRAILS}/{{guardrail}}/assignments/keys", self._assign)
        routes.add("GET", "/api/v1/key", self._own)
        self.answer = routes

    def _list(self, call: Call) -> Response:
        self._check_management(call)
        offset, workspace = _number(call, "offset", 0), _workspace(call.query)
        wants_all = call.query.get("include_disabled") == "true"
        keys = [
            key
            for key in self._book.listing()
            if (wants_all or key.status == "active") and _told(key, "workspace_id") == workspace
        ]
        page = keys[offset : offset + _PAGE]
        return JSONResponse({"data": [_describe(key) for key in page]})

    def _create(self, call: Call) -> Response:
        self._check_management(call)
        body = _body(call, _CREATE)
        name = body.pop("name", None)
        if not isinstance(name, str) or not name:
            raise _refused(400, "name: at least 1 character is required")
        body.setdefault("limit", None)
        body["workspace_id"] = _workspace(body)
        if body.setdefault("creator_user_id", _MEMBER) != _MEMBER:
            raise _refused(400, "creator_user_id: not a member of the organization")
        key = self._book.create(name, openrouter_key(), body)
        return JSONResponse({"data": _describe(key), "key": key.secret}, status_code=201)

    def _retrieve(self, call: Call, key: str) -> Response:
        self._check_management(call)
        return JSONResponse({"data": _describe(self._find(key))})

    def _update(self, call: Call, key: str) -> Response:
        self._check_management(call)
        found, body = self._find(key), _body(call, _UPDATE)
        disabled = body.pop("disabled", found.status != "active")
        if not isinstance(disabled, bool):
            raise _refused(400, "disabled: expected a boolean")
        name = str(body.pop("name", found.name))
        status = "disabled" if disabled else "active"
        changed = self._book.change(key, name=name, status=status, more={**found.more, **body})
        return JSONResponse({"data": _describe(changed)})

    def _delete(self, call: Call, key: str) -> Response:
        self._check_management(call)
        self._book.remove(self._find(key).key_id)
        return JSONResponse({"deleted": True})

    def _assignments(self, call: Call) -> Response:
        self._check_management(call)
        offset, limit = _number(call, "offset", 0), _number(call, "limit", 50)
        if not 1 <= limit <= _PAGE:
            raise _refused(400, "limit: expected a number from 1 to 100")
        held = [key for key in self._book.listing() if key.more.get("guardrail")]
        page = [_assignment(key) for key in held[offset : offset + limit]]
        return JSONResponse({"data": page, "total_count": len(held)})

    def _assign(self, call: Call, guardrail: str) -> Response:
        self._check_management(call)
        if guardrail not in (GUARDRAIL, LAXER_GUARDRAIL):
            raise _refused(404, "Guardrail not found")
        hashes = _object(call).get("key_hashes")
        if not isinstance(hashes, list) or not hashes:
            raise _refused(400, "key_hashes: expected at least 1")
        known = [key for key in self._book.listing() if key.key_id in hashes]
        for key in known:
            self._book.change(key.key_id, more={**key.more, "guardrail": guardrail})
        return JSONResponse({"assigned_count": len(known)})

    def _own(self, call: Call) -> Response:
        token = call.bearer() or ""
        if not self._book.accepts(token):
            raise _refused(401, "User not found.")
        found = self._book.key_of(token)
        assert found is not None
        told = {"label": _label(found), "usage": 25.5, "limit": found.more.get("limit")}
        return JSONResponse({"data": {**told, "is_free_tier": False, "is_management_key": False}})

    def _find(self, key_id: str) -> BookKey:
        try:
            return self._book.find(key_id)
        except UnknownKey:
            raise _refused(404, "API key not found") from None

    def _check_management(self, call: Call) -> None:
        token = call.bearer() or ""
        if hmac.compare_digest(token.encode(), self._management_key.encode()):
            return
        if self._book.accepts(token):
            raise _refused(403, "a management key is required")
        raise _refused(401, "No auth credentials found" if not token else "User not found.")


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name, str(default))
    if not given.isdecimal():
        raise _refused(400, f"{name}: expected a number")
    return int(given)


def _workspace(given: Mapping[str, Any]) -> str:
    """Return the workspace that is asked for; refuse one that is not there."""
    named = given.get("workspace_id", WORKSPACE)
    if named not in (WORKSPACE, OTHER_WORKSPACE):
        raise _refused(404, "Workspace not found")
    return str(named)


def _object(call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refused(400, "expected a JSON object")
    return body


def _body(call: Call, known: frozenset[str]) -> dict[str, Any]:
    body = _object(call)
    unknown = sorted(set(body) - known)
    if unknown:
        raise _refused(400, f"unrecognized key: {unknown[0]}")
    if body.get("limit_reset") not in _RESETS:
        raise _refused(400, "limit_reset: expected daily, weekly or monthly")
    return dict(body)


def _describe(key: BookKey) -> dict[str, Any]:
    return {
        "hash": key.key_id,
        "name": key.name,
        "label": _label(key),
        "disabled": key.status != "active",
        "limit": key.more.get("limit"),
        "limit_remaining": key.more.get("limit"),
        "limit_reset": key.more.get("limit_reset"),
        "include_byok_in_limit": key.more.get("include_byok_in_limit", False),
        "usage": 25.5,
        "created_at": stamp(key.created_at),
        "updated_at": None,
        "expires_at": key.more.get("expires_at"),
        "workspace_id": _told(key, "workspace_id"),
        "creator_user_id": _told(key, "creator_user_id"),
    }


def _told(key: BookKey, name: str) -> str:
    """Return where a key is or whose it is; what a test makes by itself is of the defaults."""
    return str(key.more.get(name, {"workspace_id": WORKSPACE, "creator_user_id": _MEMBER}[name]))


def _assignment(key: BookKey) -> dict[str, Any]:
    return {
        "id": f"{key.key_id[:8]}-0000-4000-8000-000000000000",
        "key_hash": key.key_id,
        "guardrail_id": key.more["guardrail"],
        "key_name": key.name,
        "key_label": _label(key),
        "assigned_by": _MEMBER,
        "created_at": stamp(key.created_at),
    }


def _label(key: BookKey) -> str:
    return f"{key.secret[:12]}...{key.secret[-4:]}"


def _refused(status: int, message: str) -> Refused:
    return Refused(_error(status, message))


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": status, "message": message}}, status_code=status)
