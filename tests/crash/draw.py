"""How many cases are drawn of what is not played as a whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Draw:
    """Numbers for one runbook."""

    extra: int
    """Boundaries where the world does not change, for each way."""
    gates: int
    """Boundaries of single gates, from the pass in which each gate is answered alone."""
    happenings: int
    """Things that happen to the world meanwhile, of all there are."""
    places: int
    """Boundaries for each of them."""
    stale: int
    """Boundaries before an effect at which a process falls asleep."""
    at_once: int
    """Ways in which every request fails once, before the run or from the first gate on."""
    single: int
    """Single requests, each to fail alone and in one way."""
    late: int
    """Single requests that are answered after the client has given up."""
    alike: int
    """For each table, cases that an earlier runbook has the like of."""


ALL = 10**9
MAIN = Draw(
    extra=12, gates=8, happenings=ALL, places=4, stale=12, at_once=ALL, single=16, late=2, alike=4
)
"""For a main job, and for a runbook that is played alone."""
OTHER = Draw(
    extra=3, gates=2, happenings=4, places=1, stale=4, at_once=4, single=4, late=1, alike=4
)
"""For any other, which shares most of its steps with a main job."""
EVERY = Draw(*[ALL] * 9)
"""All there are."""
