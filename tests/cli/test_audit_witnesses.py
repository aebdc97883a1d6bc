"""A cut tail and a ledger written anew are found where a head was kept elsewhere, and it is said where."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from cli.exits import Exit
from engine.ledger import Event
from engine.notes import read_notes
from tests.adapters import infra as world
from tests.adapters.infra import Infra
from tests.cli.conftest import ROOT, Runbook
from tests.cli.story import Story, told

VECTORS = ROOT / "docs" / "vectors"
NOTES = ("--anchor", VECTORS / "anchor.txt", "--anchor-key", VECTORS / "anchor.key")


@pytest.fixture
def anchored(runbook: Runbook, settings: Path, tmp_path: Path) -> Path:
    """A ledger of three entries and one about its anchor, whose note lies in `heads`."""
    made = runbook("keygen", "--anchor", "--output", tmp_path / "anchor.key")
    _set(settings, "ledger", anchor_key_file=str(tmp_path / "anchor.key"))
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        story.perform("current")
    ended = runbook("--settings", settings, "audit", "anchor", "--by", "anna", "-o", "heads")
    assert (made.code, ended.code) == (0, 0), ended.err
    return settings


def _set(settings: Path, section: str, **values: object) -> None:
    given = yaml.safe_load(settings.read_text())
    given[section] = {**given.get(section, {}), **values}
    settings.write_text(yaml.safe_dump(given))


def _execute(ledger: Path, *statements: str) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_anchor_is_recorded_signed_and_holds(
    runbook: Runbook, anchored: Path, tmp_path: Path
) -> None:
    again = runbook("--settings", anchored, "audit", "anchor", "--by", "anna", "-o", "heads")
    ended = runbook("--settings", anchored, "audit", "verify", "--anchor", "heads")
    with told(anchored) as platform:
        entry = platform.journal.entries("")[0]

    assert again.code == ended.code == 0
    assert "5 entries, unbroken" in ended.out
    assert "2 published heads are in it" in ended.out
    assert (entry.event, entry.actor.subject) == (Event.TRAIL_ANCHORED, "anna")
    assert entry.details["to"] == str(tmp_path / "heads")
    assert stat.S_IMODE((tmp_path / "anchor.key").stat().st_mode) == 0o400


def test_the_public_key_of_the_settings_checks_notes_without_the_private_one(
    runbook: Runbook, anchored: Path, tmp_path: Path
) -> None:
    with told(anchored) as platform:
        key = platform.journal.entries("")[0].details["key"]
    (tmp_path / "anchor.key").unlink()
    _set(anchored, "ledger", anchor_keys=[key])
    ended = runbook("--settings", anchored, "audit", "verify", "--anchor", "heads")

    assert ended.code == 0, ended.err
    assert read_notes((tmp_path / "heads").read_text(), [key])[0].sequence == 4


def test_a_cut_tail_is_found_by_a_note(runbook: Runbook, anchored: Path, tmp_path: Path) -> None:
    _execute(tmp_path / "ledger.db", "delete from entries where sequence > 2")
    blind = runbook("--settings", anchored, "audit", "verify")
    ended = runbook("--settings", anchored, "audit", "verify", "--anchor", "heads")

    assert blind.code == 0
    assert ended.code == Exit.LEDGER_BROKEN
    assert "was entry 4, and the ledger ends with entry 2: it was cut" in ended.err


def test_a_ledger_written_anew_is_found_by_a_note(
    runbook: Runbook, anchored: Path, tmp_path: Path
) -> None:
    (tmp_path / "ledger.db").unlink()
    with told(anchored) as platform:
        story = Story(platform)
        story.start()
        for _ in range(3):
            story.tell(Event.STEP_STARTED, "current")
    ended = runbook("--settings", anchored, "audit", "verify", "--anchor", "heads")

    assert ended.code == Exit.LEDGER_BROKEN
    assert "was entry 4, and that is another one now: it was written anew" in ended.err


@pytest.mark.parametrize("file", ["cut.jsonl", "rewritten.jsonl"])
def test_an_export_is_held_against_a_note_without_settings(runbook: Runbook, file: str) -> None:
    ended = runbook("audit", "verify", "--file", VECTORS / file, *NOTES)
    sound = runbook("audit", "verify", "--file", VECTORS / "sound.jsonl", *NOTES)

    assert ended.code == Exit.LEDGER_BROKEN
    assert "was entry 6, and the ledger ends with entry 5: it was cut" in ended.err
    assert sound.code == 0, sound.err


def test_a_forged_note_is_refused(runbook: Runbook) -> None:
    forged = ("--anchor", VECTORS / "forged-anchor.txt", "--anchor-key", VECTORS / "anchor.key")
    ended = runbook("audit", "verify", "--file", VECTORS / "sound.jsonl", *forged)

    assert ended.code == Exit.REFUSED
    assert "not signed by a key that is known here" in ended.err


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    (tmp_path / "infra").mkdir()
    return world.build(tmp_path / "infra")


def test_heads_in_commits_find_a_cut_tail_and_say_after_what(
    runbook: Runbook, settings: Path, tmp_path: Path, infra: Infra
) -> None:
    _set(settings, "git", remote=f"file://{infra.remote}")
    with told(settings) as platform:
        story = Story(platform)
        story.start()
        heads = [story.tell(Event.STEP_STARTED, "current").hash for _ in range(3)]
    for head in heads[::2]:
        infra.commit({}, text=f"rotate it: by petra\n\nRunbook-Run: r\nLedger-Head: {head}\n")
    last = infra.commit({}, text="a colleague's own\n\nLedger-Head: none of ours\n")
    whole = runbook("--settings", settings, "audit", "verify", "--git")
    _execute(tmp_path / "ledger.db", "delete from entries where sequence > 3")
    cut = runbook("--settings", settings, "audit", "verify", "--git")
    unnamed = runbook("--settings", settings, "audit", "verify")
    left_out = runbook("--settings", settings, "audit", "verify", "--no-git")

    assert whole.code == 0, whole.err
    assert "2 published heads are in it, the last that of entry 4" in whole.out
    assert left_out.code == 0
    assert (unnamed.code, unnamed.err) == (cut.code, cut.err)
    assert cut.code == Exit.LEDGER_BROKEN
    assert "Or the head is forged: whoever may push to main could." in cut.err
    assert f"kept by commit {infra.in_remote('rev-parse', last + '^')[:12]} of main" in cut.err
    assert "it was cut or written anew after entry 2" in cut.err


@pytest.mark.parametrize("places", [(), ("--git",), ("--prefect",)])
def test_a_place_that_does_not_answer_is_told_and_needed_only_if_named(
    runbook: Runbook,
    settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    places: tuple[str, ...],
) -> None:
    _set(settings, "git", remote=f"file://{tmp_path}/nowhere")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    # Prefect, once it is imported, reads the environment no more
    nowhere = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}
    with told(settings) as platform:
        Story(platform).start()
    with temporary_settings(nowhere):
        ended = runbook("--settings", settings, "audit", "verify", *places)

    assert (ended.code == 0) is not bool(places), ended.err
    if not places:
        assert "there are no heads from git: " in ended.out
        assert "there are no heads from Prefect: the Prefect server does not answer" in ended.out
        assert "no published head was given, so a cut tail could not be seen" in ended.out


def test_without_a_key_the_next_move_is_told(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "audit", "anchor", "--by", "anna")

    assert ended.code == Exit.REFUSED
    assert "runbook keygen --anchor" in ended.err
