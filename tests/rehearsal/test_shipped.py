"""Every shipped runbook has cases, and every one of them ends as it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from adapters.kinds import USUAL
from cli.shelf import Shelf
from rehearsal.files import needs_database, play_case, read_case_file
from rehearsal.worlds import Worlds
from sandbox.postgresql import find_programs
from tests.needs import missing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "runbooks"
RUNBOOKS = sorted(p.stem for p in FOLDER.glob("*.yaml") if p.name not in USUAL)
CASES = [
    pytest.param(file.stem, number, id=f"{file.stem}: {case['case']}")
    for file in sorted((FOLDER / "tests").glob("*.yaml"))
    for number, case in enumerate(yaml.safe_load(file.read_text())["cases"])
]


@pytest.mark.parametrize(("runbook", "number"), CASES)
def test_the_case_ends_as_it_says(runbook: str, number: int, author: Shelf, worlds: Worlds) -> None:
    cases = read_case_file(author, runbook)
    if needs_database(author, cases) and find_programs() is None:
        missing("PostgreSQL")

    result = play_case(author, cases, cases.cases[number], worlds)

    assert result.differences == (), "\n".join(result.trail)


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_a_runbook_has_cases_also_where_not_all_goes_well(runbook: str, author: Shelf) -> None:
    ends = [case.expect.end for case in read_case_file(author, runbook).cases]

    assert "completed" in ends
    assert set(ends) != {"completed"}
