"""The ways to patch an object: JSON merge patch, strategic merge patch, JSON patch."""

from __future__ import annotations

from typing import Any

from sandbox.documents import copied

Tree = dict[str, Any]

_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "ownerReferences": "uid",
    "conditions": "type",
}
"""Lists that a strategic merge treats as maps, with the key of their entries."""


class BadPatch(ValueError):
    """The patch cannot be applied."""


def merge(target: object, patch: object) -> Any:
    """Return the target after a JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target: object, patch: object, field: str = "") -> Any:
    """Return the target after a strategic merge patch of a built-in kind."""
    if isinstance(patch, list) and field in _MERGE_KEYS:
        return _merge_list(target if isinstance(target, list) else [], patch, _MERGE_KEYS[field])
    if not isinstance(patch, dict):
        return copied(patch)
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = strategic(result.get(key), value, key)
    return result


def json_patch(target: Tree, operations: object) -> Tree:
    """Return the target after a JSON patch (RFC 6902): add, replace, remove and test."""
    if not isinstance(operations, list):
        message = "a JSON patch is a list of operations"
        raise BadPatch(message)
    result = copied(target)
    for operation in operations:
        _operate(result, operation)
    return result


def _merge_list(target: list[Any], patch: list[Any], key: str) -> list[Any]:
    result = list(target)
    for entry in patch:
        same = next((i for i, old in enumerate(result) if old.get(key) == entry.get(key)), None)
        if entry.get("$patch") == "delete":
            result = [old for old in result if old.get(key) != entry.get(key)]
        elif same is None:
            result.append(copied(entry))
        else:
            result[same] = strategic(result[same], entry)
    return result


def _operate(document: Tree, operation: Tree) -> None:
    parts = [
        part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]
    ]
    parent: Any = document
    for part in parts[:-1]:
        parent = _child(parent, part)
    last: Any = parts[-1]
    if isinstance(parent, list):
        last = len(parent) if last == "-" else int(last)
    match operation["op"]:
        case "add" if isinstance(parent, list):
            parent.insert(last, operation["value"])
        case "add":
            parent[last] = operation["value"]
        case "replace":
            _child(parent, str(last))
            parent[last] = operation["value"]
        case "remove":
            _child(parent, str(last))
            del parent[last]
        case "test" if _child(parent, str(last)) == operation["value"]:
            pass
        case other:
            message = f"the {other} operation does not apply at {operation['path']}"
            raise BadPatch(message)


def _child(parent: Any, part: str) -> Any:
    try:
        return parent[int(part)] if isinstance(parent, list) else parent[part]
    except (KeyError, IndexError, ValueError, TypeError):
        message = f"there is no {part} to patch"
        raise BadPatch(message) from None
