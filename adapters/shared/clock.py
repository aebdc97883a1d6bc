"""The clock by which an adapter waits for something outside; a rehearsal may let it run faster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Hastened:
    """A clock that moves by what is slept alone: each sleep is short, and counts for more.

    Work takes no time on it, so on a slow machine there are as many looks before a time is over
    as on a fast one.
    """

    shorter: float
    """How many times shorter a sleep is than was asked for."""
    longer: float
    """How many times longer it counts."""
    now: float = 0.0

    def monotonic(self) -> float:
        """Return seconds since the clock was made."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += seconds * self.longer
        time.sleep(seconds / self.shorter)


_clock: ContextVar[Hastened | None] = ContextVar("clock", default=None)


def monotonic() -> float:
    """Return seconds on a clock that no clock step touches."""
    clock = _clock.get()
    return time.monotonic() if clock is None else clock.monotonic()


def sleep(seconds: float) -> None:
    """Let so many seconds pass."""
    clock = _clock.get()
    (time if clock is None else clock).sleep(seconds)


@contextmanager
def hastened(*, shorter: float, longer: float) -> Iterator[None]:
    """Let every wait of this context end sooner (`Hastened`)."""
    token = _clock.set(Hastened(shorter, longer))
    try:
        yield
    finally:
        _clock.reset(token)
