"""Who set which field: the part of `managedFields` that decides what Flux takes back."""

from __future__ import annotations

import json
from typing import Any

Path = tuple[str, ...]
Owners = dict[Path, tuple[str, str]]
"""For each leaf field its manager and operation (`Apply` or `Update`)."""

_SYSTEM = {
    ("f:apiVersion",),
    ("f:kind",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "managedFields",
        )
    ),
}


def leaves(tree: object, path: Path = ()) -> dict[Path, object]:
    """Return every owned field of an object with its value; lists without names are one field."""
    if path in _SYSTEM or path == ("f:status",):
        return {}
    if isinstance(tree, dict) and tree:
        parts = [(f"f:{key}", value) for key, value in tree.items()]
    elif isinstance(tree, list) and tree and all(isinstance(e, dict) and "name" in e for e in tree):
        parts = [(f"k:{json.dumps({'name': entry['name']})}", entry) for entry in tree]
    else:
        return {path: tree}
    found: dict[Path, object] = {}
    for key, value in parts:
        found.update(leaves(value, (*path, key)))
    return found


def claim(owners: Owners, old: object, new: object, manager: str, operation: str) -> Owners:
    """Return the owners after `manager` made `new` out of `old`: changed fields are now its own."""
    before, after = leaves(old), leaves(new)
    kept = {path: owner for path, owner in owners.items() if path in after}
    changed = {path for path, value in after.items() if before.get(path, _ABSENT) != value}
    return {**kept, **dict.fromkeys(changed, (manager, operation))}


def conflicts(
    owners: Owners, live: object, applied: object, manager: str
) -> list[tuple[Path, str]]:
    """Return the fields that `applied` would change although another manager set them."""
    current = leaves(live)
    return [
        (path, owners[path][0])
        for path, value in leaves(applied).items()
        if path in owners and owners[path][0] != manager and current.get(path) != value
    ]


def managed_fields(owners: Owners, api_version: str, moment: str) -> list[dict[str, Any]]:
    """Return `metadata.managedFields`: one entry for each manager and operation."""
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    for path, owner in sorted(owners.items(), key=lambda pair: pair[1]):
        node = entries.setdefault(owner, {})
        for part in path:
            node = node.setdefault(part, {})
    return [
        {
            "manager": manager,
            "operation": operation,
            "apiVersion": api_version,
            "time": moment,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        for (manager, operation), fields in entries.items()
    ]


_ABSENT = object()
