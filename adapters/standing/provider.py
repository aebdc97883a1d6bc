"""The provider: every active key, and which of the values seen its hint fits."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from adapters.shared.keys.key import Key
from adapters.shared.keys.provider import Keys, Provider
from adapters.standing.sighting import Sighting, unseen
from engine.standing import Place, Standing


def list_active(provider: Provider[Keys]) -> tuple[Key, ...] | Standing:
    """Return the active keys; where they cannot be listed, the standing that says why."""
    try:
        with provider.connect() as keys:
            return tuple(key for key in keys.listing() if key.is_active)
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        failed = error
    return unseen(Place.PROVIDER, provider.title, failed)


def compared(
    title: str, keys: tuple[Key, ...] | Standing, values: Mapping[str, SecretStr]
) -> Sighting:
    """Return a standing for each key. A hint shows a few letters, so it may fit several values."""
    if isinstance(keys, Standing):
        return Sighting((keys,))
    if not keys:
        return Sighting((Standing(Place.PROVIDER, title, note="no key is active"),))
    return Sighting(tuple(_told(title, key, values) for key in keys))


def _told(title: str, key: Key, values: Mapping[str, SecretStr]) -> Standing:
    fits = tuple(sorted(mark for mark, value in values.items() if key.may_be(value)))
    return Standing(
        Place.PROVIDER,
        f"{title} key {key.title}",
        fits[0] if len(fits) == 1 else "",
        key=key.identity,
        fits=fits,
        note="active; by its hint" if fits else "active; its hint fits no value seen",
    )
