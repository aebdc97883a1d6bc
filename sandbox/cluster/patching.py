"""PATCH of one object: content types, field managers, conflicts, and what may not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cluster import statuses
from sandbox.cluster.ownership import conflicts
from sandbox.cluster.patches import BadPatch, json_patch, merge, strategic
from sandbox.cluster.store import Missing
from sandbox.documents import copied, load_yaml

if TYPE_CHECKING:
    from sandbox.cluster.resources import Resource, Target
    from sandbox.cluster.store import Store, Tree
    from sandbox.routes import Call

_APPLY = "application/apply-patch+yaml"
_STRATEGIC = "application/strategic-merge-patch+json"
_MERGE = "application/merge-patch+json"
_JSON = "application/json-patch+json"
_SYSTEM = ("uid", "creationTimestamp", "generation", "managedFields", "resourceVersion")


def patch_object(store: Store, resource: Resource, target: Target, call: Call) -> Tree:
    """Patch the object that the request names and return it; `dryRun` changes nothing."""
    kind = _content_type(resource, call)
    body = _body(call)
    manager = call.query.get("fieldManager") or _agent(call)
    if kind == _APPLY and not call.query.get("fieldManager"):
        message = "fieldManager is required for apply patch"
        raise statuses.status(400, "BadRequest", message)
    namespace, name = target.namespace or "", target.name or ""
    with store.lock:
        try:
            old = store.get(resource, namespace, name)
        except Missing:
            raise statuses.not_found(target) from None
        if kind == _APPLY and call.query.get("force") != "true":
            _check_conflicts(store, resource, old, body, manager)
        new = _patched(old, body, kind)
        _check_kept(resource, old, new, body)
        if call.query.get("dryRun") == "All":
            return new
        operation = "Apply" if kind == _APPLY else "Update"
        change = _replacement(new)
        return store.change(resource, namespace, name, change, manager=manager, operation=operation)


def _content_type(resource: Resource, call: Call) -> str:
    kind = call.headers.get("content-type", "").partition(";")[0].strip()
    known = [_JSON, _MERGE, _APPLY] if resource.is_custom else [_JSON, _MERGE, _STRATEGIC, _APPLY]
    if kind not in known:
        message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(known)}"
        raise statuses.status(415, "UnsupportedMediaType", message)
    return kind


def _body(call: Call) -> Any:
    try:
        return load_yaml(call.body)  # JSON is YAML
    except ValueError:
        raise statuses.status(400, "BadRequest", "error decoding patch") from None


def _patched(old: Tree, body: Any, kind: str) -> Tree:
    try:
        if kind == _JSON:
            return json_patch(old, body)
        if not isinstance(body, dict):
            message = "the patch is not an object"
            raise BadPatch(message)
        patched: Tree = (merge if kind == _MERGE else strategic)(old, body)
    except BadPatch as problem:
        raise statuses.status(422, "Invalid", str(problem)) from None
    return patched


def _check_conflicts(store: Store, resource: Resource, old: Tree, body: Tree, manager: str) -> None:
    meta = old["metadata"]
    owners = store.owners(resource, meta.get("namespace", ""), meta["name"])
    found = conflicts(owners, old, body, manager)
    if found:
        path, other = found[0]
        words = ".".join(part.removeprefix("f:") for part in path)
        count = f"{len(found)} conflict{'s' if len(found) > 1 else ''}"
        message = f'Apply failed with {count}: conflict with "{other}": .{words}'
        raise statuses.status(409, "Conflict", message)


def _check_kept(resource: Resource, old: Tree, new: Tree, body: object) -> None:
    given = body.get("metadata", {}) if isinstance(body, dict) else {}
    version = given.get("resourceVersion") if isinstance(given, dict) else None
    name = old["metadata"]["name"]
    if version is not None and version != old["metadata"]["resourceVersion"]:
        message = (
            f'Operation cannot be fulfilled on {resource.full_name} "{name}": the object has been '
            "modified; please apply your changes to the latest version and try again"
        )
        raise statuses.status(409, "Conflict", message)
    if new["metadata"].get("name") != name:
        raise statuses.status(400, "BadRequest", "the name of the object does not match the URL")
    if old.get("spec", {}).get("selector") != new.get("spec", {}).get("selector"):
        message = f'{resource.kind} "{name}" is invalid: spec.selector: field is immutable'
        raise statuses.status(422, "Invalid", message)


def _replacement(new: Tree) -> Any:
    def change(found: Tree) -> None:
        kept = {key: found["metadata"][key] for key in _SYSTEM if key in found["metadata"]}
        status = found.get("status")
        found.clear()
        found.update(copied(new))
        for key in _SYSTEM:
            found["metadata"].pop(key, None)
        found["metadata"].update(kept)
        found.pop("status", None)
        if status is not None:
            found["status"] = status  # a subresource; patches of the object do not reach it

    return change


def _agent(call: Call) -> str:
    return call.headers.get("user-agent", "unknown").partition("/")[0]
