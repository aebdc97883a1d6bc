"""The API server: who may, what is named, and get, list and patch of it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.cluster import statuses
from sandbox.cluster.patching import patch_object
from sandbox.cluster.permissions import USER
from sandbox.cluster.resources import Resource, Target, parse_target
from sandbox.cluster.selectors import matches_fields, matches_labels
from sandbox.cluster.store import Missing
from sandbox.routes import Refused

if TYPE_CHECKING:
    from sandbox.cluster.permissions import Permissions
    from sandbox.cluster.store import Store, Tree
    from sandbox.routes import Call

_PUBLIC = {"/version", "/livez", "/readyz", "/healthz"}
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_VERSION = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.4",
    "gitCommit": "sandbox",
    "gitTreeState": "clean",
    "buildDate": "2026-01-15T00:00:00Z",
    "goVersion": "go1.24.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}


class KubernetesApi:
    """Requests in, objects out; what happens because of them happens elsewhere."""

    def __init__(self, store: Store, permissions: Permissions, token: str) -> None:
        self._store = store
        self._permissions = permissions
        self._token = token

    def answer(self, call: Call) -> Response:
        """Return the answer to one request."""
        try:
            return self._answer(call)
        except Refused as refusal:
            return refusal.answer

    def _answer(self, call: Call) -> Response:
        token = call.bearer()
        if call.path in _PUBLIC and token is None:
            return _public(call)
        if token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise statuses.unauthorized()
        if call.path in _PUBLIC:
            return _public(call)
        target = parse_target(call.path)
        if target is None:
            raise statuses.no_such_page()
        if target.group == "authorization.k8s.io":
            return self._review(call, target)
        return self._serve(call, target)

    def _serve(self, call: Call, target: Target) -> Response:
        resource = target.resource()
        if resource is None:
            raise statuses.no_such_page()
        verb = _verb(call, target)
        kind = f"{target.plural}/{target.subresource}" if target.subresource else target.plural
        if not self._permissions.permits(verb, target.group, kind, target.namespace):
            raise statuses.forbidden(verb, target)
        if target.subresource:
            raise statuses.no_such_page()
        match verb:
            case "get":
                return JSONResponse(self._get(resource, target))
            case "list":
                return JSONResponse(self._list(call, resource, target))
            case "patch":
                return JSONResponse(patch_object(self._store, resource, target, call))
            case _:
                message = f"the sandbox does not serve {verb} of {resource.full_name}"
                raise statuses.status(405, "MethodNotAllowed", message)

    def _get(self, resource: Resource, target: Target) -> Tree:
        try:
            return self._store.get(resource, target.namespace or "", target.name or "")
        except Missing:
            raise statuses.not_found(target) from None

    def _list(self, call: Call, resource: Resource, target: Target) -> Tree:
        labels, fields = call.query.get("labelSelector", ""), call.query.get("fieldSelector", "")
        found = [
            item
            for item in self._store.list(resource, target.namespace)
            if matches_labels(labels, item["metadata"].get("labels", {}))
            and matches_fields(fields, item)
        ]
        return {
            "kind": f"{resource.kind}List",
            "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": self._store.version},
            "items": found if resource.is_custom else [_without_kind(item) for item in found],
        }

    def _review(self, call: Call, target: Target) -> Response:
        if (target.plural, call.method) != ("selfsubjectaccessreviews", "POST"):
            raise statuses.no_such_page()
        review = call.json() or {}
        asked: dict[str, Any] = review.get("spec", {}).get("resourceAttributes", {})
        resource = "/".join(filter(None, (asked.get("resource"), asked.get("subresource"))))
        is_allowed = self._permissions.permits(
            asked.get("verb", ""), asked.get("group", ""), resource, asked.get("namespace") or None
        )
        return JSONResponse(
            {
                "kind": "SelfSubjectAccessReview",
                "apiVersion": "authorization.k8s.io/v1",
                "metadata": {},
                "spec": review.get("spec", {}),
                "status": {"allowed": is_allowed, "reason": f"RBAC for {USER}"},
            },
            status_code=201,
        )


def _verb(call: Call, target: Target) -> str:
    if call.method != "GET":
        return _VERBS.get(call.method, call.method.lower())
    if call.query.get("watch") in ("true", "1"):
        return "watch"
    return "get" if target.name else "list"


def _public(call: Call) -> Response:
    return JSONResponse(_VERSION) if call.path == "/version" else PlainTextResponse("ok")


def _without_kind(item: Tree) -> Tree:
    return {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
