"""Where a key belongs that stands where it means nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

Names = tuple[str, ...]
"""The keys that lead from the top of a file to one of its models, without those people choose."""
Location = tuple[str | int, ...]


def belongs(key: str, model: type[BaseModel], above: Location, top: str) -> str:
    """Return a hint for an unknown `key` of a mapping that is found through `above` in `model`.

    `top` says where the outermost mapping is. Empty if nothing resembles the key.
    """
    models = _at(model, above)
    inside, anywhere = _homes(models), _homes([model])
    if key in inside:
        return f"It belongs {_places(inside[key], top)}."
    own = {name for each in models for name, _ in _fields(each)}
    if close := difflib.get_close_matches(key, own, n=1):
        return f"Did you mean `{close[0]}`?"
    if key in anywhere:
        return f"It means something {_places(anywhere[key], top)} alone."
    for homes in (inside, anywhere):
        if close := difflib.get_close_matches(key, homes, n=1):
            return f"Did you mean `{close[0]}` {_places(homes[close[0]], top)}?"
    return ""


def _places(homes: list[Names], top: str) -> str:
    if () in homes:
        return top
    told = [f"`{'.'.join(names)}`" for names in homes if len(names) == len(homes[0])]
    return "in " + " or ".join(told[:3])


def _at(model: type[BaseModel], above: Location) -> list[type[BaseModel]]:
    """Return the models that the mapping at a location may be."""
    models = [model]
    is_chosen = False
    for part in above:
        found = [field for each in models for name, field in _fields(each) if name == part]
        if is_chosen or not found:  # a key that people choose, an index, or the branch of a union
            is_chosen = False
            continue
        is_chosen = any(_has_chosen_keys(annotation) for annotation in found)
        models = [each for annotation in found for each in _models_in(annotation)]
    return models


def _homes(models: Iterable[type[BaseModel]]) -> dict[str, list[Names]]:
    """Return for each key the ways to the models that have it, the shortest first."""
    homes: dict[str, list[Names]] = {}
    level: list[tuple[Names, type[BaseModel]]] = [((), model) for model in models]
    seen: set[tuple[str, type[BaseModel]]] = set()
    while level:
        deeper: list[tuple[Names, type[BaseModel]]] = []
        for way, model in level:
            for name, annotation in _fields(model):
                homes.setdefault(name, []).append(way)
                for part in _models_in(annotation):
                    if (name, part) not in seen:
                        seen.add((name, part))
                        deeper.append(((*way, name), part))
        level = deeper
    return homes


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field.annotation


def _has_chosen_keys(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_has_chosen_keys(each) for each in get_args(annotation))
    return get_origin(annotation) is dict or annotation is dict


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in get_args(annotation) for model in _models_in(each)]
