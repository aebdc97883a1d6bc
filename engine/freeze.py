"""Freeze windows: times in which nothing is changed but by people who may pass.

A window is either one stretch of time or one that comes again each week, in the wall time of a
zone: it begins and ends by the clock on that wall also in the week when the clock is turned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from engine.ledger import Actor, timestamp
from engine.runbook import Slug, Strict
from engine.step import Effect

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HARMLESS = frozenset({Effect.OBSERVE, Effect.VERIFY, Effect.ADOPT})
"""What changes nothing on the way forward: never frozen, and it may go without a gate."""
_WEEKS = (-1, 0, 1)
"""Weeks whose window may hold a moment of this one."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        known = False
    else:
        known = True
    if not known:
        raise ValueError(f"{name} is no time zone; write for example UTC or Europe/Berlin")
    return name


WeekTime = Annotated[
    str, StringConstraints(pattern=rf"^({'|'.join(DAYS)}) ([01][0-9]|2[0-3]):[0-5][0-9]$")
]


class Weekly(Strict):
    """A stretch of every week."""

    from_: WeekTime = Field(alias="from")
    """Day and time, e.g. `fri 18:00`."""
    to: WeekTime
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("a weekly window begins and ends at different times")
        return self


class Freeze(Strict):
    """One window, and who may pass a gate inside it."""

    name: str = Field(min_length=1, max_length=80)
    """What people are told, e.g. `end of the year`."""
    from_: AwareDatetime | None = Field(None, alias="from")
    to: AwareDatetime | None = None
    weekly: Weekly | None = None
    pass_: tuple[Slug, ...] = Field((), alias="pass")
    """Groups whose members may open gates all the same."""

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        once = self.from_ is not None and self.to is not None
        if once == (self.weekly is not None) or (not once and (self.from_ or self.to)):
            raise ValueError("a window has either `from` and `to`, or `weekly`")
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise ValueError("a window ends after it begins")
        return self


class Freezes(Strict):
    """The whole of `freeze.yaml`."""

    freeze: tuple[Freeze, ...] = ()


@dataclass(frozen=True)
class Window:
    """A freeze that is in force."""

    name: str
    until: str
    """When it ends, as the ledger spells moments."""
    groups: tuple[str, ...] = ()
    """Whose members may pass."""

    def lets(self, person: Actor) -> bool:
        """Tell whether this person may open a gate all the same."""
        return bool(set(self.groups) & set(person.groups))

    def words(self) -> str:
        """Say that it is frozen, until when, and who may pass."""
        who = f"only {' or '.join(self.groups)} may pass" if self.groups else "nobody may pass"
        return (
            f"changes are frozen until {self.until[:16].replace('T', ' ')} UTC ({self.name}); {who}"
        )


def in_force(freezes: Iterable[Freeze], now: datetime) -> Window | None:
    """Return the window that `now` lies in, the one that ends last; None where there is none.

    Where several overlap, only those may pass whom each of them lets.
    """
    held = [(end, freeze) for freeze in freezes if (end := _end(freeze, now)) is not None]
    if not held:
        return None
    end, last = max(held, key=lambda one: one[0])
    groups = tuple(g for g in last.pass_ if all(g in freeze.pass_ for _, freeze in held))
    return Window(last.name, timestamp(end), groups)


def _end(freeze: Freeze, now: datetime) -> datetime | None:
    """Return when the window around `now` ends; None if there is none around it."""
    if freeze.weekly is None:
        assert freeze.from_ is not None
        assert freeze.to is not None
        return freeze.to if freeze.from_ <= now < freeze.to else None
    for week in _WEEKS:
        begin, end = _in_week(freeze.weekly, now, week)
        if begin <= now < end:
            return end
    return None


def _in_week(weekly: Weekly, now: datetime, week: int) -> tuple[datetime, datetime]:
    zone = ZoneInfo(weekly.zone)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=week)
    begin, end = _offset(weekly.from_), _offset(weekly.to)
    if end <= begin:
        end += timedelta(weeks=1)
    start = datetime.combine(monday, time())
    return tuple((start + it).replace(tzinfo=zone).astimezone(UTC) for it in (begin, end))  # type: ignore[return-value] # two of them


def _offset(told: str) -> timedelta:
    day, clock = told.split(" ")
    hour, minute = clock.split(":")
    return timedelta(days=DAYS.index(day), hours=int(hour), minutes=int(minute))
