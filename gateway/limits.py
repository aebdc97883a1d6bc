"""How often somebody may try: a burst, then one more each so many seconds; in memory, and bounded.

The generic cell rate algorithm (ITU-T I.371): for each key one number is kept, the moment at which
its burst would be whole again. It is small enough to be read here; the libraries looked at (`limits`,
`slowapi`) take no clock and bound no memory.

Tokens and sessions have 256 bits and cannot be guessed. So a wrong one counts against the address
that sent it, but a right one is taken from any address: nobody locks out those who sit behind the
same proxy.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST = 10_000
"""Keys that one limiter remembers; the one that was quiet for the longest is forgotten first."""
INTERVAL = 2
"""Seconds between two questions of a command line, as it is told."""


class TooMany(Exception):
    """Somebody tries too often."""

    def __init__(self, what: str, seconds: int) -> None:
        """Say what there was too much of, and in how many seconds one more is taken."""
        super().__init__(f"too many {what}: try again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Rate:
    """How much may be asked at once, and how many seconds each further one takes."""

    burst: int
    every: float


class Limiter:
    """Counts what is asked under each key, against one rate."""

    def __init__(
        self, what: str, rate: Rate, *, now: Callable[[], float] = time.monotonic, most: int = MOST
    ) -> None:
        """Count `what`, as its refusal shall call it; `now` gives seconds that only rise."""
        self._what, self._rate, self._now, self._most = what, rate, now, most
        self._whole: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one; raise `TooMany`, and count nothing, if there were too many."""
        rate, now = self._rate, self._now()
        whole = max(self._whole.pop(key, now), now) + rate.every
        wait = whole - now - rate.burst * rate.every
        self._whole[key] = whole if wait <= 0 else whole - rate.every
        while len(self._whole) > self._most:
            self._whole.popitem(last=False)
        if wait > 0:
            raise TooMany(self._what, math.ceil(wait))

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._whole)


class Limits:
    """What the gateway counts, each kind by itself."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Count by this clock: seconds that only rise."""

        def limiter(what: str, burst: int, every: float) -> Limiter:
            return Limiter(what, Rate(burst, every), now=now)

        self.wrong = limiter("wrong tokens from this address", 30, 2)
        """Bearer tokens, device codes and answers of the provider that are not known, by address."""
        self.sign_ins = limiter("sign-ins from this address", 60, 1)
        """Sign-ins that are begun, by address."""
        self.devices = limiter("command lines from this address", 20, 6)
        """Command lines that ask to be let in, by address."""
        self.codes = limiter("codes", 10, 60)
        """Codes of command lines that are typed, right or wrong, by person."""
        self.polls = limiter("questions", 3, INTERVAL)
        """Questions of a command line whether it was let in, by its device code."""
        self.acts = limiter("starts and answers of yours", 120, 1)
        """Starts of runs and answers at gates, by person."""
