"""For how long something has looked the same, measured by whoever looks and with one clock alone.

No time that another host wrote is ever read, so clocks may differ. What was not watched does not
count: between two looks there is a most that is counted, however long the observer slept.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Stillness(Generic[K]):
    """What was seen at the last look, and for how long each part of it has been as it is."""

    at: float = float("inf")
    """The moment of the last look, in seconds; not yet."""
    seen: Mapping[K, object] = field(default_factory=dict)
    still: Mapping[K, float] = field(default_factory=dict)

    def look(self, seen: Mapping[K, object], now: float, most: float) -> Stillness[K]:
        """Return what is known after another look; at `most` so many seconds of the pause count."""
        pause = min(now - self.at, most)
        still = {
            name: self.still[name] + pause
            if name in self.seen and self.seen[name] == value
            else 0.0
            for name, value in seen.items()
        }
        return Stillness(now, dict(seen), still)

    def seconds(self, name: K) -> float:
        """Return for how long this was watched without a change; 0 for what was not seen."""
        return self.still.get(name, 0.0)


def running_clock() -> float:
    """Return seconds of a clock that nobody sets, and that goes on while the host is asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
