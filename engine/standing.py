"""Where one secret stands in one place, told by fingerprint, and how that compares with a run.

A standing is what a look found, never what was expected. What could not be read is `unknown`: it
counts neither as old nor as new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.job import BACK


class Place(StrEnum):
    """The kinds of places a value is looked for in."""

    MAIN = "main"
    """The encrypted file on the branch that the cluster follows."""
    PENDING = "pending"
    """The encrypted file on a branch of a run."""
    VAULT = "vault"
    CLUSTER = "cluster"
    """The Secret in the cluster."""
    PODS = "pods"
    """What a workload's pods have read; told by the mark of their restart alone."""
    PROVIDER = "provider"
    """One active key at the provider; told by the hint it shows."""


class Stand(StrEnum):
    """What a place holds, seen from one run."""

    OLD = "old"
    NEW = "new"
    OTHER = "other"
    """Neither the one nor the other: somebody else was there."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Standing:
    """What one look at one place found."""

    place: Place
    name: str
    """As people call it, e.g. `SOPS main` or `pods of deployment/redis`."""
    fingerprint: str = ""
    """Of the value that it holds; empty where that is not known."""
    unknown: str = ""
    """Why it is not known, in one sentence."""
    is_away: bool = False
    """Whether there was no answer this time, so that a later look may tell."""
    before: str = ""
    """Fingerprint of the value it held before, where that can be read."""
    since: str = ""
    """When the value came there, as the ledger spells time; for pods, when the oldest was made."""
    mark: str = ""
    """Idempotency key of the effect that made it so, where an engine did."""
    key: str = ""
    """Id of a key at the provider."""
    slot: bool = False
    """Whether that key takes one value at a time, so that one that waits is not accepted yet."""
    fits: tuple[str, ...] = ()
    """Fingerprints of all values seen anywhere that the key's hint fits."""
    note: str = ""
    """What else a person wants to know, e.g. the commit."""

    @property
    def is_blind(self) -> bool:
        """Whether the look failed where it should have told a value."""
        return bool(self.unknown) or (not self.fingerprint and self.place in _TOLD_BY_VALUE)

    @property
    def run(self) -> str:
        """The run whose effect made it so; empty where none did."""
        return self.mark.partition("/")[0]


_TOLD_BY_VALUE = frozenset({Place.MAIN, Place.PENDING, Place.VAULT, Place.CLUSTER})


def is_same_move(one: str, other: str) -> bool:
    """Tell whether two marks are of one run, and of one direction of it."""
    runs = {mark.partition("/")[0] for mark in (one, other)}
    return bool(one) and len(runs) == 1 and one.endswith(BACK) == other.endswith(BACK)


def compare(
    standings: Iterable[Standing], old: str, new: str, run: str
) -> tuple[tuple[Standing, Stand], ...]:
    """Return each standing with what it is to `run`, which goes from `old` to `new`.

    Either fingerprint may be empty while it is not known. A key that fits neither value is left
    out: there is no saying whose it is.
    """
    known = tuple(standings)
    secrets = [_by_value(each, old, new) for each in known if each.place is Place.CLUSTER]
    told = []
    for each in known:
        if each.place is Place.PROVIDER and not each.unknown:
            stand = _by_hint(each, old, new)
        elif each.place is Place.PODS:
            stand = _by_mark(each, secrets, run)
        else:
            stand = _by_value(each, old, new)
        if stand is not None:
            told.append((each, stand))
    return tuple(told)


def _by_value(standing: Standing, old: str, new: str) -> Stand:
    if standing.is_blind or not old:
        return Stand.UNKNOWN
    if standing.fingerprint == old:
        return Stand.OLD
    return Stand.NEW if standing.fingerprint == new else Stand.OTHER


def _by_hint(standing: Standing, old: str, new: str) -> Stand | None:
    fitting = {old, new} & set(standing.fits)
    if not fitting:
        return None
    if len(fitting) > 1 or old == new:
        return Stand.UNKNOWN
    return Stand.OLD if old in fitting else Stand.NEW


def _by_mark(standing: Standing, secrets: list[Stand], run: str) -> Stand:
    """Judge pods: they start with what the Secret holds, so they hold no value it never had."""
    if standing.unknown or len(set(secrets)) != 1:
        return Stand.UNKNOWN
    is_ours, went_back = standing.run == run, standing.mark.endswith(BACK)
    match secrets[0]:
        case Stand.NEW if is_ours and not went_back:
            return Stand.NEW
        case Stand.OLD if not is_ours or went_back:
            return Stand.OLD
        case _:
            return Stand.UNKNOWN
