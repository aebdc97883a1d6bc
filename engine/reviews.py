"""Glass that was broken, and whether somebody else has looked at it since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.ledger import Actor, Entry, Event, identity, timestamp


@dataclass(frozen=True)
class Review:
    """One breaking of the glass, with its review where there is one."""

    broken: Entry
    done: Entry | None = None

    @property
    def until(self) -> str:
        """Until when it must be reviewed, as the ledger spells moments."""
        return str(self.broken.details["review_until"])

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether it is still open, and should not be."""
        return self.done is None and timestamp(now) > self.until

    def words(self, now: datetime) -> str:
        """Say who broke the glass where, and where its review stands."""
        who = f"{self.broken.actor.subject} broke the glass at {self.broken.step}"
        day = self.until[:16].replace("T", " ")
        if self.done is not None:
            late = " too late" if self.done.details.get("late") else ""
            return f"{who}; reviewed{late} by {self.done.actor.subject}"
        if self.is_overdue(now):
            return f"{who}; its review is OVERDUE since {day} UTC"
        return f"{who}; to be reviewed until {day} UTC"


EVENTS = (Event.GLASS_BROKEN, Event.GLASS_REVIEWED)
"""What `reviews` has to be given."""


def reviews(entries: Iterable[Entry]) -> tuple[Review, ...]:
    """Return every breaking of the glass, in order, each with its first review."""
    broken: dict[int, Entry] = {}
    done: dict[int, Entry] = {}
    for entry in entries:
        if entry.event is Event.GLASS_BROKEN:
            broken[entry.sequence] = entry
        elif entry.event is Event.GLASS_REVIEWED:
            for sequence in entry.details["glass"]:
                done.setdefault(sequence, entry)
    return tuple(Review(entry, done.get(sequence)) for sequence, entry in broken.items())


def open_reviews(entries: Iterable[Entry]) -> tuple[Review, ...]:
    """Return what nobody has reviewed yet."""
    return tuple(review for review in reviews(entries) if review.done is None)


def objection_to_review(waiting: Iterable[Review], reviewer: Actor, comment: str) -> str:
    """Say why this person may not close these reviews; empty if they may."""
    waiting = tuple(waiting)
    if not waiting:
        return "nothing of this run waits for a review"
    if not reviewer.groups:
        return f"{reviewer.subject or 'nobody'} is in no group, and a review takes somebody who is"
    breakers = {identity(review.broken.actor.subject) for review in waiting}
    if identity(reviewer.subject) in breakers:
        return f"{reviewer.subject} broke the glass, and the review is for somebody else"
    if len(comment.strip()) < SHORTEST_FINDING:
        return "the comment must say what the review found"
    return ""


SHORTEST_FINDING = 10
"""Characters; less than that says nothing to an auditor."""


def reviewed(waiting: Iterable[Review], comment: str, now: datetime) -> Mapping[str, Any]:
    """Return the details of the entry that closes these reviews."""
    waiting = tuple(waiting)
    return {
        "glass": [review.broken.sequence for review in waiting],
        "comment": comment.strip(),
        "late": any(review.is_overdue(now) for review in waiting),
    }
