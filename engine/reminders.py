"""Ladders of reminders: what is to be said how long before an end, and each rung only once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.ledger import Draft, Entry, Event

DAY = timedelta(days=1)
_YOUNG = 3
"""Nobody is reminded in the first two thirds of a value's life: its end must be a third away."""


@dataclass(frozen=True)
class Ladder:
    """Days before an end at which to remind, and the name of the end itself."""

    days: tuple[int, ...]
    end: str

    def rung(self, ends: datetime, now: datetime) -> str:
        """Return the lowest rung reached, e.g. `T-30`; empty where none is.

        Rungs that were slept through are not made up for: the lowest one says it all.
        """
        left = ends - now
        if left <= timedelta(0):
            return self.end
        reached = [day for day in self.days if left <= day * DAY]
        return f"T-{min(reached)}" if reached else ""


CERTIFICATES = Ladder((90, 60, 45, 30, 14, 7, 6, 5, 4, 3, 2, 1), "expired")
"""Order, escalate, hold the new pair, submit, see it confirmed; then every day."""


def rotations(max_age: timedelta) -> Ladder:
    """Return the ladder of a secret that may become so old."""
    return Ladder(tuple(day for day in (14, 7, 1) if day * DAY * _YOUNG <= max_age), "due")


@dataclass(frozen=True)
class Reminder:
    """One thing to be said to people, once."""

    about: str
    """`certificate` or `secret`."""
    name: str
    """In the catalogue."""
    of: str
    """What ends: `sha256:` and the certificate's fingerprint, or `since:` and when a value came;
    `fault:` and a digest of the words for what is wrong."""
    rung: str
    """How near the end is, such as `T-30`; the day or the week for what is wrong."""
    ends: str
    """As the ledger spells time."""
    title: str
    body: str
    runbook: str = ""
    """The runbook that renews it; empty where none is named."""
    into: str = ""
    """The secret that is written at the renewal, where that is known."""
    run: str = ""
    """The live run that renews it already; empty where none does."""

    def draft(self) -> Draft:
        """Return the entry that says it was sent."""
        return Draft(
            run="",
            event=Event.REMINDER_SENT,
            details={
                "about": self.about,
                "name": self.name,
                "of": self.of,
                "rung": self.rung,
                "ends": self.ends,
            },
        )


def notice(about: str, name: str, words: str, now: datetime, *, daily: bool) -> Reminder:
    """Return what somebody has to look at: said again each day, or each week, while it stays so.

    It is told each day where an end may be near that nobody knows.
    """
    year, week, _ = now.isocalendar()
    return Reminder(
        about=about,
        name=name,
        of=f"fault:{hashlib.sha256(words.encode()).hexdigest()}",
        rung=f"{now:%Y-%m-%d}" if daily else f"{year}-W{week:02}",
        ends="",
        title=f"{name} has to be looked at",
        body=f"{name}: {words}",
    )


def unsent(reminders: Iterable[Reminder], entries: Iterable[Entry]) -> tuple[Reminder, ...]:
    """Return the reminders that the ledger does not know as sent."""
    sent = {_mark(entry.details) for entry in entries if entry.event is Event.REMINDER_SENT}
    return tuple(each for each in reminders if _mark(each.draft().details) not in sent)


def _mark(details: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(details.get(part) for part in ("about", "name", "of", "rung"))
