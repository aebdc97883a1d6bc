from __future__ import annotations

import json
from pathlib import Path

import yaml

from cli.exits import Exit
from tests.cli.conftest import Runbook

ASKS = """\
runbook: asks
title: Ask somebody
steps:
  - id: one
    uses: manual.confirm
    with: {instructions: Look, evidence: What you saw}
"""


def set_up(folder: Path, **settings: object) -> None:
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "people.yaml").write_text("groups: {}\n")
    (folder / "runbooks" / "secrets.yaml").write_text("secrets: {}\n")
    (folder / "runbook.yaml").write_text(yaml.safe_dump({"runbooks": "runbooks", **settings}))


def health(out: str) -> dict[str, str]:
    return {row["system"]: row["health"] for row in json.loads(out)}


def test_no_settings_is_not_ok(runbook: Runbook) -> None:
    ended = runbook("doctor", "--json")

    assert ended.code == Exit.REFUSED
    assert health(ended.out) == {"settings": "not ok"}


def test_what_is_not_configured_and_not_needed_does_not_fail(
    runbook: Runbook, tmp_path: Path
) -> None:
    set_up(tmp_path)
    ended = runbook("doctor", "--json")

    found = health(ended.out)
    assert ended.code == 0
    assert found.pop("runbooks") == "ok"
    assert set(found.values()) == {"not configured"}


def test_what_a_runbook_needs_is_not_ok_with_the_next_move(
    runbook: Runbook, tmp_path: Path
) -> None:
    set_up(tmp_path)
    (tmp_path / "runbooks" / "asks.yaml").write_text(ASKS)
    ended = runbook("doctor", "--json")

    found = {row["system"]: row for row in json.loads(ended.out)}
    assert ended.code == Exit.REFUSED
    assert found["ledger"]["health"] == "not ok"
    assert "ledger.url" in found["ledger"]["hint"]
    assert "engine.age_key_file" in found["engine keys"]["words"]
    assert "PREFECT_API_URL" in found["prefect"]["hint"]
    assert found["vaultwarden"]["health"] == "not configured"


def test_the_systems_of_the_shipped_runbooks_are_all_needed(
    runbook: Runbook, settings: Path
) -> None:
    found = health(runbook("--settings", settings, "doctor", "--json").out)

    assert found["ledger"] == "ok"
    for system in ("git", "vaultwarden", "kubernetes", "flux", "anthropic"):
        assert found[system] != "not configured", system
    assert found["bitwarden"] == "not configured"


def test_what_a_runbook_needs_is_told_while_the_repository_cannot_be_reached(
    runbook: Runbook, tmp_path: Path
) -> None:
    """At the first set-up git does not work yet, and the rest must be asked for all the same."""
    away = {"remote": f"file://{tmp_path}/nowhere.git", "catalogue": "secrets/catalogue.yaml"}
    set_up(tmp_path, git=away)
    (tmp_path / "runbooks" / "asks.yaml").write_text(ASKS)
    found = health(runbook("doctor", "--json").out)

    assert found["prefect"] == "not ok"
    assert found["ledger"] == "not ok"


def test_a_broken_runbook_is_not_ok(runbook: Runbook, tmp_path: Path) -> None:
    set_up(tmp_path)
    (tmp_path / "runbooks" / "half.yaml").write_text("runbook: half\n")
    ended = runbook("doctor")

    assert ended.code == Exit.REFUSED
    assert "half.yaml: `steps` is missing" in ended.out
    assert "runbooks: `runbook validate` says all of it." in ended.out


def test_a_broken_catalogue_is_told_with_its_place_and_not_as_one_of_each_runbook(
    runbook: Runbook, tmp_path: Path
) -> None:
    set_up(tmp_path)
    (tmp_path / "runbooks" / "asks.yaml").write_text(ASKS)
    (tmp_path / "runbooks" / "secrets.yaml").write_text("secrets: [\n")
    ended = runbook("doctor", "--json")

    [line] = [row for row in json.loads(ended.out) if row["system"] == "runbooks"]
    assert line["health"] == "not ok"
    assert line["words"].startswith("runbooks/secrets.yaml:2:1: not YAML")
    assert "asks" not in line["words"]


def test_keys_of_the_engine_are_looked_at(runbook: Runbook, tmp_path: Path) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "age.key").out.strip()
    (tmp_path / "fingerprint.key").write_text("00" * 32)
    keys = {"age_key_file": "age.key", "fingerprint_key_file": "fingerprint.key"}
    set_up(tmp_path, engine=keys)
    ended = runbook("doctor")

    assert ended.code == 0, ended.out
    assert f"values are sealed for {recipient}" in ended.out


def test_no_look_breaks_of_itself(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "doctor")

    assert "the look itself broke" not in ended.out
