"""The rate limit of the sign-in routes: a burst, then one more each so many seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.vaultwarden.errors import refusal

if TYPE_CHECKING:
    from sandbox.clock import Clock


class Limit:
    """A bucket of permits that fills up with time (Vaultwarden 1.37.2, ratelimit.rs)."""

    def __init__(self, clock: Clock, burst: int, seconds: float, words: str) -> None:
        self._clock = clock
        self._burst = burst
        self._seconds = seconds
        self._words = words
        self._permits = float(burst)
        self._last = clock.now()

    def check(self) -> None:
        """Use one permit, or refuse with 429."""
        now = self._clock.now()
        gained = (now - self._last).total_seconds() / self._seconds
        self._permits, self._last = min(self._burst, self._permits + gained), now
        if self._permits < 1:
            raise refusal(self._words, 429)
        self._permits -= 1
