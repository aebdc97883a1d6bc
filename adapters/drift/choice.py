"""What the catalogue says is in one store on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from engine.catalogue import Alone, Items, SopsPlace


def because(found: Iterable[Alone]) -> str:
    """Return why the first of them has no mirror; empty where there is none."""
    return next((each.because for each in found), "")


def is_there(place: SopsPlace | None, file: str, path: Sequence[str | int]) -> bool:
    """Tell whether a place of SOPS, which may hold `*`, means this one."""
    if place is None or place.file != file:
        return False
    return fnmatchcase(".".join(map(str, path)), _plain(place.path))


def is_item(items: Items | None, collection: str, item: str) -> bool:
    """Tell whether these items, whose name may hold `*`, include this one."""
    if items is None or items.collection != collection:
        return False
    return fnmatchcase(item, _plain(items.item))


def _plain(pattern: str) -> str:
    """Return the pattern with nothing but `*` special in it."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
