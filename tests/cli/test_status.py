from __future__ import annotations

import json
from pathlib import Path

from cli.exits import Exit
from engine.ledger import Event
from flows.gate_words import MARKS
from tests.cli.conftest import Runbook
from tests.cli.story import OTHER, RUN, Story, told


def at_a_gate(settings: Path, hours: int = 4) -> None:
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.perform("current")
        story.ask("generate", 1, hours=hours)


def rows(out: str) -> dict[str, str]:
    return {line.split()[1]: line for line in out.splitlines() if line[:1] in MARKS.values()}


def test_no_run_is_said_as_such(runbook: Runbook, settings: Path) -> None:
    assert runbook("--settings", settings, "status").out == "no run is going on\n"


def test_only_runs_that_have_not_ended_are_listed(runbook: Runbook, settings: Path) -> None:
    at_a_gate(settings)
    with told(settings) as platform:
        other = Story(platform, OTHER, "matomo-admin-password")
        other.start()
        other.end()
    ended = runbook("--settings", settings, "status", "--json")

    (one,) = json.loads(ended.out)
    assert one["run"] == RUN
    assert one["secret"] == "redis-password"
    assert one["by"] == "otto"
    assert one["gate"]["step"] == "generate"
    assert one["next"].startswith(f"runbook approve {RUN[:8]}")
    assert "not known" in one["prefect"]


def test_a_run_is_shown_step_by_step_with_evidence_and_the_next_move(
    runbook: Runbook, settings: Path
) -> None:
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.perform("current", "main holds fp:0011")
        story.ask("generate", 1)
        story.agree("generate", 1)
        story.perform("generate")
        story.ask("sops", 2)
    ended = runbook("--settings", settings, "status", RUN[:6])

    assert ended.code == 0, ended.err
    assert "main holds fp:0011" in rows(ended.out)["current"]
    assert "olga" in rows(ended.out)["generate"]
    assert "at its gate" in rows(ended.out)["sops"]
    assert "stands: at the gate before sops, until " in ended.out
    assert f"next: runbook approve {RUN[:8]}" in ended.out


def test_an_expired_gate_is_called_expired(runbook: Runbook, settings: Path) -> None:
    at_a_gate(settings, hours=-1)
    ended = runbook("--settings", settings, "status", RUN)

    assert "at the gate before generate, which expired at " in ended.out


def test_a_failure_is_shown_with_its_hint_and_what_may_follow(
    runbook: Runbook, settings: Path
) -> None:
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.fail("current", "the file has no such key", "Look into the tree.")
        story.ask("current", 1, kind="failure")
    ended = runbook("--settings", settings, "status", RUN)

    assert "error: current: the file has no such key\nhint: Look into the tree." in ended.out
    assert "--retry | --mark-done | --roll-back | --stop" in ended.out


def test_a_run_that_was_cut_off_is_called_so(runbook: Runbook, settings: Path) -> None:
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.tell(Event.STEP_STARTED, "current", key=RUN)
    ended = runbook("--settings", settings, "status", RUN, "--json")

    told_of = json.loads(ended.out)
    assert "runs now, or was cut off" in told_of["stands"]
    assert told_of["steps"][0]["state"] == "started"


def test_a_run_that_ended_needs_nothing_more(runbook: Runbook, settings: Path) -> None:
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.end("stopped")
    ended = runbook("--settings", settings, "status", RUN)

    assert "stands: stopped" in ended.out
    assert "next:" not in ended.out


def test_a_run_the_ledger_does_not_know_is_refused(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "status", "feed")

    assert ended.code == Exit.REFUSED
    assert "the ledger has no run that starts with feed" in ended.err


def test_no_settings_is_a_sentence_with_the_next_move(runbook: Runbook) -> None:
    ended = runbook("status")

    assert ended.code == Exit.REFUSED
    assert "error: no settings at" in ended.err
    assert "RUNBOOK_SETTINGS" in ended.err
