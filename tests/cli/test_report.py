"""The report for the quarterly review: all of it there, none of it markup."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.exits import Exit
from engine.ledger import Actor, Event, timestamp
from tests.cli.conftest import Runbook
from tests.cli.story import OTHER, RUN, Story, told

HOSTILE = "<img src=x onerror=alert(1)>\"'&<!--<script>alert(2)</script>\u202eylo\x1b[2J"
MALLORY = Actor(HOSTILE, groups=("<b>",), via="<i>")


class Reader(HTMLParser):
    """What a browser would make of it: the elements, their attributes and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.rows:
            self.rows[-1].append(data)

    def row(self, *cells: str) -> list[str]:
        """Return the one row that has all of these cells."""
        [found] = [row for row in self.rows if set(cells) <= set(row)]
        return found


@pytest.fixture
def trail(settings: Path) -> Path:
    with told(settings) as platform:
        one, other = Story(platform), Story(platform, OTHER, "matomo-admin-password")
        one.start()
        other.start()
        one.ask("generate", 1)
        one.agree("generate", 1, comment=HOSTILE)
        one.ask("sops", 2)
        one.tell(Event.GATE_REFUSED, "sops", MALLORY, opening=2, kind="step", why="no", comment="")
        due = timestamp(datetime.now(UTC) + timedelta(hours=2))
        glass = {"opening": 2, "kind": "step", "comment": "a leak", "over": ["2 of staff"]}
        one.tell(Event.GLASS_BROKEN, "sops", MALLORY, **glass, through="sops", review_until=due)
        one.end()
        other.end("rejected")
    return settings


def report(runbook: Runbook, settings: Path, folder: Path, *more: str) -> Reader:
    ended = runbook(
        "--settings", settings, "audit", "report", "--html", "report.html", "--by", "anna", *more
    )
    assert ended.code == 0, ended.err
    return Reader((folder / "report.html").read_text(encoding="utf-8"))


def test_the_report_has_runs_decisions_refusals_glass_and_ages(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    seen = report(runbook, trail, tmp_path)
    text = " ".join(seen.words)

    assert "The ledger is unbroken: 10 entries" in text
    assert "a cut tail could not be seen" in text
    assert seen.row(RUN[:8], "rotate-api-key", "redis-password", "completed")
    assert seen.row(OTHER[:8], "matomo-admin-password", "rejected")
    assert seen.row("gate.approved", "olga (claimed, plana-staff, by cli)")
    assert seen.row("gate.refused", "no")
    assert any(cell.startswith("to be reviewed until") for cell in seen.row("2 of staff", "a leak"))
    assert seen.row("redis-password", "0 days")
    assert seen.row("anthropic-api-key", "not in the ledger", "due")
    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o600


def test_the_report_says_which_workers_picked_a_run_up_and_from_which_commits(
    runbook: Runbook, settings: Path, tmp_path: Path
) -> None:
    with told(settings) as platform:
        story = Story(platform)
        story.start(worker="north 7", source={"commit": "a1" * 20, "dirty": True})
        for attempt in (2, 3):
            source = {"commit": "b2" * 20, "dirty": False}
            story.pick_up(attempt, worker="south 9", source=source)
    seen = report(runbook, settings, tmp_path)
    shown = runbook("--settings", settings, "audit", "show").out

    assert seen.row(f"{'a1' * 6} and changes, {'b2' * 6}", "north 7, south 9")
    assert f"on north 7 from {'a1' * 6} and changes" in shown
    assert f"on south 9 from {'b2' * 6}" in shown


def test_hostile_names_are_text_and_nothing_else(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    seen = report(runbook, trail, tmp_path)
    raw = (tmp_path / "report.html").read_text(encoding="utf-8")

    assert seen.elements == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "table", "thead",
        "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert seen.attributes == {"lang", "charset", "http-equiv", "content", "class", "scope"}
    assert "\u202e" not in raw
    assert "\x1b" not in raw
    assert any("<script>alert(2)</script>\\u202eylo\\x1b[2J" in word for word in seen.words)
    assert "http://" not in raw
    assert "https://" not in raw


def test_only_the_period_is_told_but_open_reviews_always(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    seen = report(runbook, trail, tmp_path, "--until", "2020-01-01")

    assert not any("rotate-api-key" in row for row in seen.rows)
    assert seen.row("2 of staff", "a leak")
    assert seen.row("redis-password", "0 days")


def test_that_it_was_made_is_recorded_and_in_it(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    seen = report(runbook, trail, tmp_path, "--since", "2020-01-01")
    with told(trail) as platform:
        last = platform.journal.entries()[-1]

    assert (last.event, last.actor.subject) == (Event.TRAIL_READ, "anna")
    assert last.details["report"] == str(tmp_path / "report.html")
    assert seen.row("trail.read", str(last.sequence))


def test_a_ledger_that_was_changed_says_so_at_the_top(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("update entries set details = '{}' where sequence = 5")
        connection.commit()
    ended = runbook("--settings", trail, "audit", "report", "--html", "r.html", "--by", "anna")
    seen = Reader((tmp_path / "r.html").read_text(encoding="utf-8"))

    assert ended.code == Exit.LEDGER_BROKEN
    assert "entry 5 was changed" in ended.err
    assert any("NOT WHAT WAS ONCE WRITTEN: entry 5" in word for word in seen.words)
    assert seen.row("gate.approved", "4")


def test_a_place_that_cannot_be_written_is_said(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "report", "--html", "no/r.html", "--by", "anna")

    assert ended.code == Exit.REFUSED
    assert "no/r.html cannot be written" in ended.err
    assert "hint: Name a place that can be written to with --html." in ended.err
