"""Where the values stand that somebody could read: rotated, waived, at work, or open."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.exposure.standing import standing_now
from adapters.platform import Platform
from engine.exposure import COMPLETED, Exposed, Judged, Seen, judge, outcomes_since, waivers
from engine.journal import resource_of
from engine.ledger import Event


def judged_now(platform: Platform, run: str, exposed: Sequence[Exposed]) -> tuple[Judged, ...]:
    """Return what has become of each, read anew from git and ledger."""
    now = standing_now(platform, exposed)
    with platform.journal as journal:
        seen = Seen(
            marks=now.marks,
            stands=now.stands,
            waived=waivers(journal.of(Event.EXPOSURE_WAIVED), run),
            holders=journal.holders(),
            outcomes=outcomes_since(journal.of(Event.RUN_STARTED, Event.RUN_ENDED), run),
        )
    return judge(exposed, seen)


def unfinished(platform: Platform, run: str) -> frozenset[str]:
    """Name the secrets of which a run is live, or whose newest since `run` began did not complete."""
    with platform.journal as journal:
        holders = journal.holders()
        outcomes = outcomes_since(journal.of(Event.RUN_STARTED, Event.RUN_ENDED), run)
    live = (name for name in platform.catalogue.secrets if resource_of(name) in holders)
    return frozenset((*live, *(name for name, how in outcomes.items() if how != COMPLETED)))
