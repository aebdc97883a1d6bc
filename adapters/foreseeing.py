"""Everything a person wants to see before a run: where the secret stands, who reads it, what steps find.

Read only, and patient with what is not there: each place that cannot be looked at says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.kubernetes import consumers_of
from adapters.platform import Platform
from adapters.standing import standings
from adapters.standing.looking import fingerprint_in
from adapters.standing.sighting import Fingerprint
from engine.errors import RunbookError
from engine.foresight import Sight, look_ahead, restarted
from engine.plan import Plan
from engine.redaction import Redactor
from engine.standing import Standing


@dataclass(frozen=True)
class Readers:
    """Who reads each Kubernetes Secret that holds it, by what runs in the cluster now."""

    restarted: tuple[str, ...]
    """Workloads that the plan restarts, as `namespace/kind/name`."""
    others: tuple[str, ...] = ()
    """What reads the Secret too and is not restarted."""
    unknown: str = ""
    """Why it is not known who else reads it."""


@dataclass(frozen=True)
class Foreseen:
    """What was found by looking."""

    standings: tuple[Standing, ...]
    unknown: str
    """Why there are no standings, where there are none."""
    readers: Readers
    sight: Sight


def foresee(platform: Platform, plan: Plan) -> Foreseen:
    """Look at everything the plan is about; nothing is changed, and nothing missing is an error."""
    found, unknown = _standings(platform, plan)
    sight = look_ahead(plan, platform.registry, _marks(platform, plan), Redactor())
    return Foreseen(found, unknown, _readers(platform, plan), sight)


def _standings(platform: Platform, plan: Plan) -> tuple[tuple[Standing, ...], str]:
    """Return where the secret stands, of a pair both halves."""
    if not plan.secret:
        return (), "the runbook is about no secret"
    both = (plan.secret, plan.identifier) if plan.identifier else (plan.secret,)
    try:
        found = (each for name in both for each in standings(platform, name))
        return tuple(dict.fromkeys(found)), ""  # both halves are in the same pods
    except RunbookError as error:
        return (), error.message


def _readers(platform: Platform, plan: Plan) -> Readers:
    planned = restarted(plan)
    entry = platform.catalogue.secrets.get(plan.secret)
    others: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for place in entry.places if entry is not None else ():
        try:
            found = consumers_of(platform.settings.kubernetes, place.namespace, place.secret)
        except RunbookError as error:
            unknown[error.message] = None
        else:
            named = (f"{place.namespace}/{each}" for each in found)
            others |= dict.fromkeys(each for each in named if each not in planned)
    return Readers(planned, tuple(others), "; ".join(unknown))


def _marks(platform: Platform, plan: Plan) -> Fingerprint:
    """Return fingerprints, where there is a key; a plan without one is a plan all the same."""
    try:
        return fingerprint_in(platform, plan.secret)
    except RunbookError:
        return lambda _: "fp:unknown"
