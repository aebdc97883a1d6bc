"""The trail is searched, and that it was read is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.exits import Exit
from engine.ledger import Event
from tests.cli.conftest import Runbook
from tests.cli.story import OTHER, RUN, Story, told


@pytest.fixture
def trail(settings: Path) -> Path:
    with told(settings) as platform:
        one, other = Story(platform), Story(platform, OTHER, "matomo-admin-password")
        one.start()
        other.start()
        one.ask("generate", 1)
        one.agree("generate", 1, comment="agreed")
        other.end("rejected")
    return settings


@pytest.mark.parametrize(
    ("asked", "events"),
    [
        (["--secret", "matomo-admin-password"], ["run.started", "run.ended"]),
        (["--runbook", "rotate-api-key", "--event", "run.ended"], ["run.ended"]),
        (["--runbook", "another"], []),
        (["--person", " OLGA"], ["gate.approved"]),
        (["--event", "gate"], ["gate.opened", "gate.approved"]),
        (["--run", OTHER, "--person", "otto"], ["run.started"]),
        (["--until", "2020-01-01"], []),
        (["--since", "2020-01-01T00:00+01:00", "--event", "run.started"], ["run.started"] * 2),
        (["--since", "0999-12-31", "--event", "run.started"], ["run.started"] * 2),
    ],
)
def test_only_what_was_asked_for_is_shown(
    runbook: Runbook, trail: Path, asked: list[str], events: list[str]
) -> None:
    ended = runbook("--settings", trail, "audit", "show", "--json", *asked)

    assert ended.code == 0, ended.err
    assert [entry["event"] for entry in json.loads(ended.out)] == events


def test_who_reads_the_trail_is_in_it(
    runbook: Runbook, trail: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "petra")
    runbook("--settings", trail, "audit", "show", "--run", RUN[:4], "--event", "gate")
    with told(trail) as platform:
        last = platform.journal.entries()[-1]

    assert last.event is Event.TRAIL_READ
    assert (last.run, last.actor.subject, last.actor.verified) == ("", "petra", "claimed")
    assert last.details == {"run": RUN, "event": "gate"}


@pytest.mark.parametrize(
    "asked",
    [
        ("--since", "yesterday"),
        ("--since", "0001-01-01T00:00+14:00"),
        ("--until", "9999-12-31T23:59-14:00"),
        ("--event", "gate.closed"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(
    runbook: Runbook, trail: Path, asked: tuple[str, str]
) -> None:
    assert runbook("--settings", trail, "audit", "show", *asked).code == Exit.USAGE
