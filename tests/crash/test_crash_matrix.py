"""A sample of the crash matrix; `make crash` plays all of it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.crash.boundary import Boundary
from tests.crash.cases import Case
from tests.crash.fleet import launch, shared_files
from tests.crash.hands import HANDS
from tests.crash.leaks import told_by
from tests.crash.matrix import Matrix, playable_runbooks, runbooks
from tests.needs import missing

pytestmark = [pytest.mark.xdist_group("crash"), pytest.mark.timeout(900)]

DRAWN = 4
"""Runbooks of one sample; another seed draws others."""
SAMPLE = 2
"""Boundaries for each of them."""
SEED = int(os.environ["RUNBOOK_CRASH_SEED"])
"""Set by tests/conftest.py where nobody has, and told at the end of every test run."""


def test_somebody_knows_how_to_play_every_runbook() -> None:
    assert set(runbooks()) <= set(HANDS), "add it to HANDS in tests/crash/hands.py"


def test_a_run_that_is_killed_anywhere_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    fleet = launch(tmp_path, lanes=1)
    drawn = random.Random(SEED).sample(playable_runbooks(), DRAWN)  # noqa: S311 - no secret
    matrix = Matrix(fleet, sorted(drawn), SEED)
    try:
        matrix.sample(SAMPLE)
    finally:
        fleet.close()
    played = matrix.record.tables["sample"]
    values = {value for verdict in matrix.played for value in verdict.values}

    assert [(v.case.title, v.violations, v.broke) for v in played if v.violations or v.broke] == []
    assert sum(verdict.kills for verdict in played) > 0
    assert list(told_by(shared_files(tmp_path), values)) == []
    if playable_runbooks() != runbooks():
        missing("PostgreSQL")


def test_a_gate_can_be_answered_if_its_process_dies_the_moment_it_is_there(tmp_path: Path) -> None:
    suspended = "after POST /flow_runs/<id>/set_state"
    at = Boundary("prefect", "generate, gate.opened", suspended)
    fleet = launch(tmp_path, lanes=1)
    try:
        [verdict] = fleet.play([Case("rotate-api-key", at=at)])
    finally:
        fleet.close()

    assert (verdict.kills, verdict.unmet) == (1, False)
    assert (verdict.broke, verdict.violations) == ("", [])
