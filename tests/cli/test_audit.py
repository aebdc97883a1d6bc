from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from cli.exits import Exit
from engine.ledger import verify
from engine.lines import read_lines
from tests.cli.conftest import Runbook
from tests.cli.story import OTHER, RUN, Story, told


@pytest.fixture
def trail(settings: Path) -> Path:
    """A ledger of two runs; return the settings of its platform."""
    with told(settings) as platform:
        one, other = Story(platform), Story(platform, OTHER, "matomo-admin-password")
        one.start()
        other.start()
        one.ask("generate", 1)
        one.agree("generate", 1, comment="[bold]read[/] and \x1b[2Jagreed")
        one.perform("generate", "a value, fingerprint fp:0011")
    return settings


def test_the_trail_says_who_did_what_and_how_we_know(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "show")

    lines = ended.out.splitlines()
    assert len(lines) == 1 + 6
    assert "run.started" in lines[1]
    assert "otto (claimed)" in lines[1]
    assert "fingerprint fp:0011" in lines[6]


def test_what_people_typed_steers_no_terminal(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "show")

    assert "[bold]read[/] and \\x1b[2Jagreed" in ended.out


def test_the_trail_of_one_run_is_shown_by_the_beginning_of_its_id(
    runbook: Runbook, trail: Path
) -> None:
    ended = runbook("--settings", trail, "audit", "show", "--run", RUN[:4], "--json")

    assert {entry["run"] for entry in json.loads(ended.out)} == {RUN}


def test_a_beginning_that_fits_several_runs_is_refused(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "show", "--run", "1f0")

    assert ended.code == Exit.REFUSED
    assert "2 runs start with 1f0" in ended.err
    assert RUN[:12] in ended.err


def test_an_unbroken_ledger_is_verified_with_its_head(runbook: Runbook, trail: Path) -> None:
    shown = json.loads(runbook("--settings", trail, "audit", "show", "--json").out)
    head = shown[-1]["hash"]
    ended = runbook("--settings", trail, "audit", "verify", "--head", head)

    assert ended.code == 0
    assert "7 entries, unbroken; head " in ended.out
    assert "1 published head is in it" in ended.out


def test_without_a_head_it_is_said_what_could_not_be_seen(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "verify")

    assert ended.code == 0
    assert "a cut tail could not be seen" in ended.out


def test_a_changed_entry_is_found(runbook: Runbook, trail: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("update entries set details = replace(details, 'fp:0011', 'fp:0012')")
        connection.commit()
    ended = runbook("--settings", trail, "audit", "verify")

    assert ended.code == Exit.LEDGER_BROKEN
    assert "entry 6 was changed" in ended.err


def test_a_head_that_is_not_in_the_ledger_is_found(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "verify", "--head", "ab" * 32)

    assert ended.code == Exit.LEDGER_BROKEN
    assert "was published once and is not in the ledger" in ended.err


def test_a_head_that_is_none_is_a_usage_error(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "verify", "--head", "abc")

    assert ended.code == Exit.USAGE


def test_an_export_ends_with_the_entry_about_itself(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    ended = runbook(
        "--settings", trail, "audit", "export", "--output", "trail.jsonl", "--by", "anna"
    )

    lines = (tmp_path / "trail.jsonl").read_bytes().splitlines(keepends=True)
    last = json.loads(lines[-1])
    assert ended.code == 0
    assert len(lines) == 7
    assert (last["event"], last["run"], last["attempt"]) == ("trail.exported", "", 0)
    assert last["actor"]["subject"] == "anna"
    assert last["actor"]["groups"] == ["plana-admins"]
    assert verify(read_lines(lines)) == last["hash"]
    assert stat.S_IMODE((tmp_path / "trail.jsonl").stat().st_mode) == 0o600


def test_an_export_is_written_to_standard_output(runbook: Runbook, trail: Path) -> None:
    ended = runbook("--settings", trail, "audit", "export", "--by", "anna")

    assert len(list(read_lines(ended.out.encode().splitlines(keepends=True)))) == 7


def test_an_export_is_verified_without_settings(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    runbook("--settings", trail, "audit", "export", "--output", "trail.jsonl", "--by", "anna")
    whole = runbook("audit", "verify", "--file", "trail.jsonl")
    lines = (tmp_path / "trail.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "trail.jsonl").write_text("".join(lines[:2] + lines[3:]))
    cut = runbook("audit", "verify", "--file", "trail.jsonl")

    assert whole.code == 0
    assert cut.code == Exit.LEDGER_BROKEN
    assert "entry 3 is missing" in cut.err


def test_an_export_that_cannot_be_written_leaves_nothing_half_done(
    runbook: Runbook, trail: Path, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    ended = runbook("--settings", trail, "audit", "export", "--output", "there", "--by", "anna")

    assert ended.code == Exit.REFUSED
    assert "there cannot be written" in ended.err
    assert list(tmp_path.glob("*.part")) == []
    assert list(tmp_path.glob(".*.part")) == []


def test_an_empty_ledger_is_said_to_be_empty(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "audit", "show")

    assert ended.out == "the ledger is empty\n"


def test_a_ledger_that_cannot_be_reached_has_its_exit_code(
    runbook: Runbook, settings: Path, tmp_path: Path
) -> None:
    (tmp_path / "ledger.db").mkdir()
    ended = runbook("--settings", settings, "audit", "show")

    assert ended.code == Exit.UNREACHABLE
    assert "error: " in ended.err
