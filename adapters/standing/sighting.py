"""What one look brings home: standings to tell, and values to compare that nobody is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from engine.errors import RunbookError, Transient
from engine.ledger import timestamp
from engine.standing import Place, Standing

Fingerprint = Callable[[SecretStr], str]
"""Keyed fingerprint within the secret that is looked at."""


@dataclass(frozen=True)
class Sighting:
    """Standings, and by fingerprint every value that was seen on the way."""

    standings: tuple[Standing, ...]
    values: Mapping[str, SecretStr] = field(default_factory=dict)


def joined(*sightings: Sighting) -> Sighting:
    """Return all of them as one."""
    values = {mark: value for each in sightings for mark, value in each.values.items()}
    return Sighting(tuple(told for each in sightings for told in each.standings), values)


def unseen(place: Place, name: str, error: Exception) -> Standing:
    """Return what stands for a look that failed; the error's own words only if they are ours."""
    if not isinstance(error, RunbookError):
        return Standing(place, name, unknown=f"the look itself broke with {type(error).__name__}")
    return Standing(place, name, unknown=error.message, is_away=isinstance(error, Transient))


def moment(text: str) -> str:
    """Spell an ISO 8601 time as the ledger does; empty for what is none."""
    try:
        return timestamp(datetime.fromisoformat(text))
    except ValueError:
        return ""
