from __future__ import annotations

import json
from pathlib import Path

from cli.exits import Exit
from tests.cli.conftest import ROOT, Runbook

ASK = """\
runbook: ask
title: Ask somebody
steps:
  - id: one
    uses: manual.confirm
    with: {instructions: Look, evidence: What you saw}
"""
PEOPLE = "groups: {staff: {members: [olga]}}\n"
CASES = """\
runbook: ask
cases:
  - {case: somebody confirms, expect: {end: completed, ran: [one]}}
  - {case: nobody does, decisions: [{gate: one, decide: reject}], expect: {end: completed}}
"""


def shelf(folder: Path) -> None:
    (folder / "runbooks" / "tests").mkdir(parents=True)
    (folder / "runbooks" / "ask.yaml").write_text(ASK)
    (folder / "runbooks" / "people.yaml").write_text(PEOPLE)
    (folder / "runbooks" / "secrets.yaml").write_text("secrets: {}\n")
    (folder / "runbooks" / "tests" / "ask.yaml").write_text(CASES)


def test_each_case_is_told_and_one_that_differs_is_the_exit_code(
    runbook: Runbook, tmp_path: Path
) -> None:
    shelf(tmp_path)
    ended = runbook("test", "--trail")

    assert ended.code == Exit.REFUSED
    assert "ok   ask: somebody confirms" in ended.out
    assert "     | one step.succeeded engine" in ended.out
    assert "FAIL ask: nobody does" in ended.out
    assert "     end: expected completed, found rejected" in ended.out
    assert "2 cases played: 1 not as expected" in ended.out


def test_only_some_cases_as_json(runbook: Runbook, tmp_path: Path) -> None:
    shelf(tmp_path)
    ended = runbook("test", "ask", "--only", "CONFIRMS", "--json")

    assert ended.code == 0, ended.err
    [told] = json.loads(ended.out)
    assert (told["runbook"], told["case"], told["ok"]) == ("ask", "somebody confirms", True)
    assert told["differences"] == []


def test_a_broken_case_file_is_told_with_its_place(runbook: Runbook, tmp_path: Path) -> None:
    shelf(tmp_path)
    file = tmp_path / "runbooks" / "tests" / "ask.yaml"
    file.write_text(CASES.replace("ran: [one]", "ran: [two]"))
    ended = runbook("test")

    assert ended.code == Exit.INVALID
    assert "runbooks/tests/ask.yaml:3:62: the runbook has no step `two`" in ended.err


def test_a_runbook_without_cases_says_where_they_would_be(runbook: Runbook, tmp_path: Path) -> None:
    shelf(tmp_path)
    (tmp_path / "runbooks" / "tests" / "ask.yaml").unlink()
    ended = runbook("test", "ask")

    assert ended.code == Exit.REFUSED
    assert f"ask has no cases at {Path('runbooks/tests/ask.yaml')}" in ended.err


def test_a_name_that_no_case_has_is_refused(runbook: Runbook, tmp_path: Path) -> None:
    shelf(tmp_path)
    ended = runbook("test", "--only", "nonsense")

    assert ended.code == Exit.REFUSED
    assert "no case has 'nonsense' in its name" in ended.err


def test_the_shipped_cases_fit_their_schema(runbook: Runbook) -> None:
    import jsonschema  # type: ignore[import-untyped] # noqa: PLC0415 - ships no types
    import yaml  # noqa: PLC0415

    schema = json.loads(runbook("schema", "--cases").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    files = sorted((ROOT / "runbooks" / "tests").glob("*.yaml"))
    wrong = [e.message for f in files for e in judge.iter_errors(yaml.safe_load(f.read_text()))]
    assert files
    assert wrong == []
