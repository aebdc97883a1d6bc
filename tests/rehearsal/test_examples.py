"""The runbooks that are shipped as examples do what their cases say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from adapters.settings import Settings
from cli.shelf import Shelf
from rehearsal.files import play_case, read_case_file
from rehearsal.worlds import Worlds

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples"
CASES = [
    pytest.param(file.stem, number, id=f"{file.stem}: {case['case']}")
    for file in sorted((FOLDER / "tests").glob("*.yaml"))
    for number, case in enumerate(yaml.safe_load(file.read_text())["cases"])
]


@pytest.fixture
def examples(author: Shelf) -> Shelf:
    """The examples, with the shipped catalogue and people."""
    changes = {"runbooks": FOLDER}
    return Shelf(Settings().model_copy(update=changes))


@pytest.mark.parametrize(("runbook", "number"), CASES)
def test_the_example_ends_as_its_case_says(
    runbook: str, number: int, examples: Shelf, worlds: Worlds
) -> None:
    cases = read_case_file(examples, runbook)

    result = play_case(examples, cases, cases.cases[number], worlds)

    assert result.differences == (), "\n".join(result.trail)


def test_every_example_has_cases(examples: Shelf) -> None:
    assert {path.stem for path in examples.files()} == {
        path.stem for path in (FOLDER / "tests").glob("*.yaml")
    }
