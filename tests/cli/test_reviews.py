"""Broken glass shows until somebody else has reviewed it, and overdue reviews are said to be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exits import Exit
from engine.ledger import Actor, Event, timestamp
from tests.cli.conftest import Runbook
from tests.cli.story import RUN, Story, told

PETRA = Actor("petra", groups=("plana-staff",), via="ui")
FOUND = "the key leaked indeed, and ended in time"


def broken(settings: Path, hours: int = 72) -> Path:
    """Let petra break the glass in a run that then ends; its review is due in so many hours."""
    due = timestamp(datetime.now(UTC) + timedelta(hours=hours))
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.ask("generate", 1)
        details = {
            "opening": 1,
            "kind": "step",
            "comment": "it leaks right now",
            "through": "generate",
        }
        story.tell(
            Event.GLASS_BROKEN, "generate", PETRA, **details, review_until=due, over=["2 of x"]
        )
        story.end()
    return settings


def health(runbook: Runbook, settings: Path) -> dict[str, str]:
    found = json.loads(runbook("--settings", settings, "doctor", "--json").out)
    (one,) = [each for each in found if each["system"] == "reviews"]
    return dict(one)


def test_an_open_review_shows_until_it_is_closed(runbook: Runbook, settings: Path) -> None:
    at = broken(settings)
    before = runbook("--settings", at, "status")
    one = json.loads(runbook("--settings", at, "status", RUN, "--json", "--no-stores").out)
    looked = health(runbook, at)
    closed = runbook(
        "--settings", at, "audit", "review", RUN[:6], "--by", "anna", "--comment", FOUND
    )
    after = runbook("--settings", at, "status")

    assert "petra broke the glass at generate; to be reviewed until" in before.out
    assert one["reviews"][0].startswith("petra broke the glass at generate")
    assert (looked["health"], "petra broke the glass" in looked["words"]) == ("ok", True)
    assert closed.code == 0, closed.err
    assert "glass" not in after.out
    assert health(runbook, at)["words"] == "no glass waits for a review"


def test_an_overdue_review_says_so_and_is_not_ok(runbook: Runbook, settings: Path) -> None:
    at = broken(settings, hours=-1)
    found = health(runbook, at)
    runbook("--settings", at, "audit", "review", RUN, "--by", "anna", "--comment", FOUND)
    with told(at) as platform:
        entry = platform.journal.of(Event.GLASS_REVIEWED)[0]

    assert found["health"] == "not ok"
    assert "its review is OVERDUE since" in found["words"]
    assert found["hint"] == f"runbook audit review {RUN[:8]}"
    assert entry.details == {"glass": [3], "comment": FOUND, "late": True}


@pytest.mark.parametrize(
    ("by", "comment", "why"),
    [
        (" PETRA", FOUND, "petra broke the glass, and the review is for somebody else"),
        ("mallory", FOUND, "mallory is in no group"),
        ("anna", "fine", "must say what the review found"),
    ],
)
def test_who_may_not_review_is_refused_and_recorded(
    runbook: Runbook, settings: Path, by: str, comment: str, why: str
) -> None:
    at = broken(settings)
    by = by.strip().lower()
    ended = runbook("--settings", at, "audit", "review", RUN, "--by", by, "--comment", comment)
    with told(at) as platform:
        [attempt] = platform.journal.of(Event.ATTEMPT_REFUSED)

    assert ended.code == Exit.REFUSED
    assert why in ended.err
    assert (attempt.actor.subject, attempt.details["what"]) == (by, "review")
    assert why in attempt.details["why"]
    assert "to be reviewed" in runbook("--settings", at, "status").out


def test_a_run_without_broken_glass_has_nothing_to_review(runbook: Runbook, settings: Path) -> None:
    with told(settings) as platform:
        Story(platform).start()
    ended = runbook(
        "--settings", settings, "audit", "review", RUN, "--by", "anna", "--comment", FOUND
    )

    assert ended.code == Exit.REFUSED
    assert "nothing of this run waits for a review" in ended.err
