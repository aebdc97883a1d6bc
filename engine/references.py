"""References: `${{ steps.publish.commit }}` and nothing else. No expressions, no code.

A reference that stands alone as a whole value keeps the type of what it names; one inside a text
is spelled into it. A secret may only stand alone (`engine.checks` holds that).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.source import Path

_ANY = re.compile(r"\$\{\{((?:(?!\}\}).)*)\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[A-Za-z0-9_-]+)+")

ROOTS = ("steps", "inputs", "secret", "platform", "run")


@dataclass(frozen=True)
class Reference:
    """One reference and where it stands."""

    parts: tuple[str, ...]
    """E.g. `("steps", "publish", "commit")`; empty if it cannot be read as a reference."""
    text: str
    """What stands between the braces."""
    path: Path
    """Where in the data the value stands that holds it."""
    alone: bool
    """Whether it is the whole value."""


def find(data: Any, path: Path = ()) -> Iterator[Reference]:
    """Yield every reference in `data`, depth first."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from find(value, (*path, key))
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            yield from find(value, (*path, index))
    elif isinstance(data, str):
        yield from _in_text(data, path)


def _in_text(text: str, path: Path) -> Iterator[Reference]:
    for match in _ANY.finditer(text):
        inner = match.group(1).strip()
        parts = tuple(inner.split(".")) if _NAME.fullmatch(inner) else ()
        yield Reference(parts, inner, path, alone=match.group(0) == text.strip())
    if "${{" in _ANY.sub("", text):
        yield Reference((), text, path, alone=False)


def substitute(data: Any, resolve: Callable[[tuple[str, ...]], Any]) -> Any:
    """Return `data` with every reference replaced by what `resolve` gives for its parts.

    `resolve` raises `KeyError` for what is not known (yet); it is passed on.
    """
    if isinstance(data, Mapping):
        return {key: substitute(value, resolve) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [substitute(value, resolve) for value in data]
    if not isinstance(data, str):
        return data
    whole = _ANY.fullmatch(data.strip())
    if whole:
        return resolve(tuple(whole.group(1).strip().split(".")))
    return _ANY.sub(lambda match: str(resolve(tuple(match.group(1).strip().split(".")))), data)


def look_up(facts: Any, parts: tuple[str, ...]) -> Any:
    """Follow `parts` down into nested mappings; raise `KeyError` with the dotted name."""
    value = facts
    for part in parts:
        if not isinstance(value, Mapping) or part not in value:
            raise KeyError(".".join(parts))
        value = value[part]
    return value
