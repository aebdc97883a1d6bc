"""How long a value has been in force, and when the next one is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.durations import spell
from engine.ledger import timestamp
from engine.reminders import DAY, Reminder, rotations

AHEAD = DAY
"""How far the clock of whoever committed may be ahead of ours."""


@dataclass(frozen=True)
class Age:
    """What is known of the age of one secret."""

    secret: str
    since: datetime | None = None
    """When its value came to be in force; None where that is not known."""
    is_exact: bool = True
    """Whether it is that old, and not that old at least."""
    max_age: timedelta | None = None
    """After this a rotation is due; None where the catalogue names no limit."""
    unknown: str = ""
    """Why its age is not known, in one sentence."""

    @property
    def due(self) -> datetime | None:
        """When a rotation is due; None where that cannot be said."""
        if self.since is None or self.max_age is None:
            return None
        return self.since + self.max_age

    def seconds(self, now: datetime) -> int | None:
        """Return its age; a commit that is a little ahead, by another machine's clock, is of now."""
        if self.since is None:
            return None
        return max(0, int((now - self.since).total_seconds()))

    def due_in(self, now: datetime) -> int | None:
        """Return the seconds until a rotation is due, below zero where it is overdue."""
        return None if self.due is None else int((self.due - now).total_seconds())

    def is_due(self, now: datetime) -> bool:
        """Tell whether a rotation is due; one that cannot be told is not."""
        return self.due is not None and self.due <= now


def as_of(ages: Iterable[Age], now: datetime) -> tuple[Age, ...]:
    """Return what is known of these ages now: a value that is yet to come has none.

    Without this a commit with a wrong date would keep its value from being due until then.
    """
    return tuple(
        replace(
            age,
            since=None,
            unknown=f"its commit is dated {timestamp(age.since)[:10]}, which is yet to come",
        )
        if age.since is not None and age.since > now + AHEAD
        else age
        for age in ages
    )


def reminder(age: Age, title: str, runbook: str, now: datetime) -> Reminder | None:
    """Return what is to be said about a rotation now; None while it is not near."""
    if age.since is None or age.due is None or age.max_age is None:
        return None
    ladder = rotations(age.max_age)
    rung = ladder.rung(age.due, now)
    if not rung:
        return None
    due = timestamp(age.due)
    when = "is due" if rung == ladder.end else f"is due within {-((now - age.due) // DAY)} days"
    return Reminder(
        about="secret",
        name=age.secret,
        of=f"since:{timestamp(age.since)}",
        rung=rung,
        ends=due,
        title=f"Rotation of {title} {when}",
        body=f"Its value is of {timestamp(age.since)[:10]} and may be {spell(age.max_age)} old, "
        f"until {due[:10]} ({rung}).",
        runbook=runbook,
    )
