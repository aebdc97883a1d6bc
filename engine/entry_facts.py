"""Which facts an entry of the catalogue may have, by its model: for secrets that a form will name."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel

from engine.catalogue import Secret

_NAME, _ENTRY = "name", "entry"
"""Facts of every secret that are no field of its entry; the second is what a form describes."""


def unknown_part(parts: tuple[str, ...]) -> tuple[int, tuple[str, ...]] | None:
    """Return which of `parts` no entry can have, and what may stand there; None if all may be.

    The identifier of a secret is an entry itself.
    """
    if parts == (_ENTRY,):
        return None
    found: list[Any] = [Secret]
    for index, part in enumerate(parts):
        known = {name: kinds for each in found for name, kinds in _inside(each).items()}
        chosen = known.get(part, known.get(_ANY))
        if chosen is None:
            return index, tuple(known)
        found = [Secret] if (found, part) == ([Secret], "identifier") else chosen
    return None


_ANY = "*"
"""Stands for the keys that people choose."""


def _inside(kind: Any) -> dict[str, list[Any]]:
    """Return what may stand in a value of this kind: name to the kinds it may be of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {name: _kinds(field.annotation) for name, field in kind.model_fields.items()}
        return {_NAME: [str], **fields} if kind is Secret else fields
    if get_origin(kind) is dict:
        return {_ANY: _kinds(get_args(kind)[1])}
    return {}


def _kinds(annotation: Any) -> list[Any]:
    """Take the branches of a union apart; nothing else of it matters."""
    if get_origin(annotation) in (dict, tuple) or isinstance(annotation, type):
        return [annotation]
    return [kind for each in get_args(annotation) for kind in _kinds(each)]
