from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Runbook


def test_every_shipped_runbook_is_listed(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "list", "--json")

    told = {row["name"]: row for row in json.loads(ended.out)}
    assert told["rotate-anthropic-api-key"]["secret"] == "anthropic-api-key"
    assert told["rotate-api-key"]["gates"] < told["rotate-api-key"]["steps"]


def test_an_invalid_runbook_is_listed_with_its_first_finding(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "half.yaml").write_text("runbook: half\n")
    ended = runbook("list")

    assert ended.code == 0
    assert "half" in ended.out
    assert "not valid: runbooks/half.yaml:1:1: `steps` is missing" in ended.out


def test_every_step_is_listed_with_its_effect_and_parameters(runbook: Runbook) -> None:
    told = {row["name"]: row for row in json.loads(runbook("list", "--steps", "--json").out)}

    assert told["sops.set"]["effect"] == "store"
    assert told["manual.confirm"]["parameters"]["instructions"]["needed"] is True
    assert told["secret.provide"]["asks"] == "sealed value"


def test_the_table_of_steps_has_one_line_for_each(runbook: Runbook) -> None:
    lines = runbook("list", "--steps").out.splitlines()

    assert len([line for line in lines if line.startswith("sops.set ")]) == 1
    assert len(lines) == 1 + len(json.loads(runbook("list", "--steps", "--json").out))


def test_a_runbook_is_shown_with_gates_and_the_point_of_no_return(
    runbook: Runbook, settings: Path
) -> None:
    ended = runbook("--settings", settings, "show", "rotate-anthropic-api-key")

    rows = {line.split()[1]: line for line in ended.out.splitlines() if line[:1].isdigit()}
    assert "point of no return" in rows["revoke"]
    assert "not the initiator" in rows["revoke"]
    assert "asks for a sealed value" in rows["generate"]
    assert "none" in rows["refused"]


def test_what_looks_like_markup_is_shown_as_it_is(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "plain.yaml").write_text(
        'runbook: plain\ntitle: "[red]not red[/] \\e[31m :smile:"\nsteps:\n'
        "  - {id: a, uses: manual.confirm, with: {instructions: a, evidence: b}}\n"
    )
    ended = runbook("list")

    assert "[red]not red[/] \\x1b[31m :smile:" in ended.out
