"""The moment a decision is weighed in: what time it is, and whether changes are frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.freeze import Freeze, Window, in_force
from engine.ledger import timestamp


@dataclass(frozen=True)
class Present:
    """Now, as far as the policy cares."""

    at: str = ""
    """As the ledger spells moments; empty where time plays no part."""
    frozen: Window | None = None


TIMELESS = Present()


def present(now: datetime, freezes: Iterable[Freeze]) -> Present:
    """Return the moment `now` under these freezes."""
    return Present(timestamp(now), in_force(freezes, now))
