"""Label and field selectors of list requests."""

from __future__ import annotations

import re
from typing import Any

Tree = dict[str, Any]

_SET = re.compile(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)")


def matches_labels(selector: str, labels: dict[str, str]) -> bool:
    """Tell whether labels meet a selector such as `a=b,c!=d,e,!f,g in (h,i)`."""
    return all(_meets(part.strip(), labels) for part in _split(selector))


def matches_fields(selector: str, found: Tree) -> bool:
    """Tell whether an object meets a field selector such as `metadata.name=a,status.phase!=b`."""
    for part in filter(None, selector.split(",")):
        path, wanted, is_negated = _compare(part)
        value: Any = found
        for name in path.split("."):
            value = value.get(name, "") if isinstance(value, dict) else ""
        if (str(value) == wanted) is is_negated:
            return False
    return True


def _split(selector: str) -> list[str]:
    return [part for part in re.split(r",(?![^(]*\))", selector) if part.strip()]


def _meets(part: str, labels: dict[str, str]) -> bool:
    if found := _SET.fullmatch(part):
        values = {value.strip() for value in found[3].split(",")}
        return (labels.get(found[1]) in values) is (found[2] == "in")
    if "=" not in part:
        return (part.lstrip("!") in labels) is not part.startswith("!")
    name, wanted, is_negated = _compare(part)
    return (labels.get(name) == wanted) is not is_negated


def _compare(part: str) -> tuple[str, str, bool]:
    found = re.fullmatch(r"([^=!]+?)\s*(!=|==?)\s*(.*)", part.strip())
    if found is None:
        return part, "", False
    return found[1], found[3], found[2] == "!="
