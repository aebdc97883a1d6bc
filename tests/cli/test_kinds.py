"""Every file beside the runbooks is taken for what it is, by every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from adapters.kinds import Kind, kind_of
from adapters.settings import Settings
from cli.exits import Exit
from tests.cli.conftest import Runbook

ASK = """\
runbook: ask
title: Ask somebody
gate: {groups: [staff]}
steps:
  - {id: one, uses: manual.confirm, with: {instructions: Look, evidence: What you saw}}
"""
CASES = """\
runbook: ask
cases:
  - {case: somebody confirms, expect: {end: completed, ran: [one]}}
"""
FREEZE = """\
freeze:
  - name: weekend
    weekly: {from: "fri 18:00", to: "mon 06:00"}
    pass: [STAFF]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of runbooks with every kind of file, and settings that name some of them otherwise."""
    found = tmp_path / "runbooks"
    (found / "tests").mkdir(parents=True)
    (found / "ask.yaml").write_text(ASK)
    (found / "groups.yaml").write_text("groups: {staff: {members: [olga]}}\n")
    (found / "catalogue.yaml").write_text("secrets: {}\n")
    (found / "freeze.yaml").write_text(FREEZE.replace("STAFF", "staff"))
    (found / "tests" / "ask.yaml").write_text(CASES)
    named = {"people": "runbooks/groups.yaml", "catalogue": "runbooks/catalogue.yaml"}
    (tmp_path / "runbook.yaml").write_text(yaml.safe_dump(named))
    return found


def test_files_that_are_named_otherwise_are_no_runbooks(runbook: Runbook, folder: Path) -> None:
    listed = runbook("list", "--json")
    checked = runbook("validate")

    assert [each["name"] for each in json.loads(listed.out)] == ["ask"]
    assert checked.out == "5 files checked: no findings\n", checked.out


def test_a_freeze_is_checked_with_its_groups(runbook: Runbook, folder: Path) -> None:
    (folder / "freeze.yaml").write_text(FREEZE.replace("STAFF", "stuff"))
    checked = runbook("validate", folder / "ask.yaml")
    looked = runbook("doctor", "--json")

    assert checked.code == Exit.INVALID
    assert "freeze.yaml:4:12: unknown group `stuff`" in checked.out
    assert "hint: Did you mean `staff`?" in checked.out
    [line] = [each for each in json.loads(looked.out) if each["system"] == "freezes"]
    assert line["health"] == "not ok"
    assert "unknown group `stuff`" in line["words"]


def test_a_freeze_that_is_no_freeze_is_told_as_one(runbook: Runbook, folder: Path) -> None:
    (folder / "freeze.yaml").write_text("freeze: [{name: x}]\n")
    ended = runbook("validate")

    assert "freeze.yaml:1:10: `freeze.0`: a window has either" in ended.out
    assert "1 finding" in ended.out


def test_doctor_says_how_many_freezes_there_are(runbook: Runbook, folder: Path) -> None:
    looked = runbook("doctor", "--json")

    [line] = [each for each in json.loads(looked.out) if each["system"] == "freezes"]
    assert (line["health"], line["words"]) == ("ok", "1 time in which changes are frozen")


def test_a_case_file_is_judged_as_one(runbook: Runbook, folder: Path) -> None:
    cases = folder / "tests" / "ask.yaml"
    fine = runbook("validate", cases)
    cases.write_text(CASES.replace("ran: [one]", "ran: [two]"))
    wrong = runbook("validate", cases)

    assert fine.code == 0, fine.out
    assert wrong.code == Exit.INVALID
    assert "the runbook has no step `two`" in wrong.out


def test_cases_of_no_runbook_are_refused(runbook: Runbook, folder: Path) -> None:
    (folder / "tests" / "other.yaml").write_text(CASES.replace("ask", "other"))
    played = runbook("test")
    checked = runbook("validate", folder / "tests")

    assert played.code == Exit.REFUSED
    assert "there is no runbook for the cases in runbooks/tests/other.yaml" in played.err
    assert checked.code == Exit.INVALID
    assert "other.yaml:1:1: there is no runbook other for these cases" in checked.out


def test_the_settings_go_before_the_usual_names(tmp_path: Path) -> None:
    settings = Settings(catalogue=tmp_path / "freeze.yaml", people=tmp_path / "a" / "people.yaml")

    assert kind_of(tmp_path / "freeze.yaml", settings) is Kind.CATALOGUE
    assert kind_of(tmp_path / "a" / "freeze.yaml", settings) is Kind.FREEZES
    assert kind_of(tmp_path / "b" / "secrets.yaml", settings) is Kind.CATALOGUE
    assert kind_of(tmp_path / "tests" / "a.yaml", settings) is Kind.CASES
    assert kind_of(tmp_path / "a.yaml", settings) is Kind.RUNBOOK
