"""Each line that the engine writes into a log says which run, step and attempt it is about."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.ledger import Event
from tests.flows.voyages import entries
from tests.leaks.conftest import Evidence
from tests.leaks.theatre import Theatre

pytestmark = [pytest.mark.xdist_group("leaks"), pytest.mark.timeout(1800)]

OURS = ("prefect.flow_runs.runbook", "prefect.task_runs.runbook")
"""The loggers under which the engine writes."""
LINE = re.compile(
    r"run (?P<run>[0-9a-f-]{36}) step (?P<step>[a-z0-9-]+) attempt (?P<attempt>\d+): ."
)
WRITERS = {
    "flows/run.py": "the run's own lines",
    "flows/telling.py": "what people are told of a run, from within it or by the clock",
    "flows/schedule.py": "what runs by the clock and is no run of a runbook",
    "adapters/notify/sending.py": "silences the loggers of others",
    "adapters/shared/quiet.py": "keeps cookies out of the lines of others",
}
BEGUN = {Event.STEP_STARTED, Event.STEP_FOUND_DONE, Event.STEP_FAILED, Event.UNDO_STARTED}
"""Entries that no run makes in silence."""


def _by_api(theatre: Theatre) -> list[str]:
    return [line["message"] for line in theatre.lines if line["name"] in OURS]


def _by_worker(theatre: Theatre) -> list[str]:
    log = (theatre.folder / "stage" / "logs" / "worker.log").read_text(errors="replace")
    marks = tuple(f"| {name} - " for name in OURS)
    return [line.partition(mark)[2] for line in log.splitlines() for mark in marks if mark in line]


Reader = Callable[[Theatre], list[str]]


@pytest.mark.parametrize("read", [_by_api, _by_worker])
def test_every_line_tells_run_step_and_attempt(evidence: Evidence, read: Reader) -> None:
    lines = read(evidence.theatre)

    assert lines
    assert [line for line in lines if not LINE.match(line)] == []


def test_a_line_tells_of_the_run_and_the_task_under_which_prefect_shows_it(
    evidence: Evidence,
) -> None:
    tasks = {task["id"]: task["name"] for task in evidence.theatre.tasks}
    for line in evidence.theatre.lines:
        if line["name"] in OURS:
            told = LINE.match(line["message"])
            task = tasks.get(line["task_run_id"])

            assert told is not None
            assert told["run"] == line["flow_run_id"]
            assert task is None or task.removesuffix("-undo") == told["step"]


def test_no_step_is_begun_in_silence(evidence: Evidence) -> None:
    said = {
        (told["run"], told["step"], int(told["attempt"]))
        for told in map(LINE.match, _by_worker(evidence.theatre))
        if told is not None
    }
    for run in evidence.theatre.runs.values():
        begun = {
            (run, entry.step, entry.attempt)
            for entry in entries(evidence.theatre.stage, run)
            if entry.event in BEGUN
        }

        assert begun
        assert begun <= said


def test_it_is_known_which_modules_write_into_a_log(root: Path) -> None:
    modules = [
        path for room in ("engine", "adapters", "flows") for path in (root / room).rglob("*.py")
    ]

    found = {
        str(path.relative_to(root))
        for path in modules
        if re.search(r"getLogger|get_run_logger|get_logger|\bprint\(", path.read_text())
        and path.parent.name != "worker"
    }

    assert found == WRITERS.keys()
