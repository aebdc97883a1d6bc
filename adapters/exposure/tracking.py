"""Where the values stand that somebody could read: rotated, waived, at work, or open."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.exposure.reading import marks_of
from adapters.platform import Platform
from engine.exposure import Exposed, Judged, Seen, judge, outcomes_since, waivers
from engine.ledger import Event


def judged_now(platform: Platform, run: str, exposed: Sequence[Exposed]) -> tuple[Judged, ...]:
    """Return what has become of each, read anew from git and ledger."""
    marks = marks_of(platform, tuple(each.place for each in exposed if each.mark))
    with platform.journal as journal:
        seen = Seen(
            marks=marks,
            waived=waivers(journal.of(Event.EXPOSURE_WAIVED), run),
            holders=journal.holders(),
            outcomes=outcomes_since(journal.of(Event.RUN_STARTED, Event.RUN_ENDED), run),
        )
    return judge(exposed, seen)
