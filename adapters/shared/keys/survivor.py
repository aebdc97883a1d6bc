"""The key that stays, made sure of before another one ends."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.shared.keys.key import Key, listed
from engine.errors import Refused


def survivor(keys: Sequence[Key], ends: str, keep: str) -> Key:
    """Return the active key with the id `keep`; raise `Refused` where none would be left."""
    if keep == ends:
        raise Refused(
            f"{ends} is both the key to end and the key to keep",
            hint="Find the old key before the new one is stored, and end that.",
        )
    kept = find(keys, keep)
    if kept is None:
        raise Refused(
            f"the key to keep, {keep}, is not there; there are: {listed([*keys]) or 'none'}",
            hint="Name the key that the service uses now.",
        )
    if not kept.is_active:
        raise Refused(
            f"the key to keep, {kept.title}, is {kept.status} and not active",
            hint="Make it active, or name the key that the service uses now.",
        )
    return kept


def find(keys: Sequence[Key], identity: str) -> Key | None:
    """Return the key with this id, if there is one."""
    return next((key for key in keys if key.identity == identity), None)
