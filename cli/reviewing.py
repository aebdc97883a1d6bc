"""Glass that was broken, seen and reviewed from the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.platform import Platform
from cli.recorder import person, record, refuse, unbelieved
from cli.runs import find_run
from cli.screen import say
from cli.text import SHORT
from engine.errors import Refused
from engine.ledger import Event
from engine.reviews import EVENTS, Review, objection_to_review, open_reviews, reviewed


def waiting_reviews(platform: Platform, run: str = "") -> tuple[Review, ...]:
    """Return the reviews that are open, of one run or of all; raise `LedgerDown`."""
    with platform.journal as journal:
        found = open_reviews(journal.of(*EVENTS))
    return tuple(review for review in found if run in ("", review.broken.run))


def review_run(platform: Platform, beginning: str, by: str, comment: str) -> None:
    """Close all open reviews of a run; raise `Refused`, recorded, if this person may not."""
    run, now = find_run(platform, beginning), datetime.now(UTC)
    reviewer, waiting = person(platform, by), waiting_reviews(platform, run)
    against = unbelieved(platform, reviewer) or objection_to_review(waiting, reviewer, comment)
    if against:
        error = Refused(
            against, hint=f"See `runbook audit show --run {run[:SHORT]} --event glass`."
        )
        raise refuse(platform, reviewer, {"what": "review", "about": run}, error)
    entry = record(
        platform, Event.GLASS_REVIEWED, reviewer, reviewed(waiting, comment, now), run=run
    )
    say(f"reviewed by {reviewer.subject}: entry {entry.sequence}")


def say_reviews(platform: Platform, run: str = "") -> None:
    """Print a line for each review that is open."""
    now = datetime.now(UTC)
    for review in waiting_reviews(platform, run):
        say(f"review: {review.broken.run[:SHORT]}: {review.words(now)}")


def look_at_reviews(platform: Platform) -> str:
    """Say how many reviews are open; raise `Refused` where one is overdue."""
    now, waiting = datetime.now(UTC), waiting_reviews(platform)
    late = [review for review in waiting if review.is_overdue(now)]
    if late:
        told = "; ".join(f"run {it.broken.run[:SHORT]}: {it.words(now)}" for it in late)
        raise Refused(told, hint=f"runbook audit review {late[0].broken.run[:SHORT]}")
    if not waiting:
        return "no glass waits for a review"
    return "; ".join(f"run {it.broken.run[:SHORT]}: {it.words(now)}" for it in waiting)
