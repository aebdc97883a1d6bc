"""What a worker must do, held for the stock worker and the warm one alike."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stage import Stage
from tests.flows import workshop
from tests.flows.workshop import Workshop, open_shop, told, until_state, until_told

pytestmark = pytest.mark.xdist_group("stage")


@pytest.fixture(scope="module", params=["stock", "warm"])
def _shop(
    request: pytest.FixtureRequest, _stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("shop") / "flows"
    with open_shop(request.param, _stage, folder) as shop:
        yield shop


@pytest.fixture
def shop(_shop: Workshop, stage: Stage) -> Workshop:
    return _shop


@pytest.fixture(params=["stock", "warm"])
def new_shop(request: pytest.FixtureRequest, stage: Stage, tmp_path: Path) -> Iterator[Workshop]:
    with open_shop(request.param, stage, tmp_path / "flows", "--limit", "1") as shop:
        yield shop


def test_a_suspended_run_has_no_process_and_goes_on_after_resume(
    shop: Workshop, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run = shop.begin("gate", mark)
    until_state(run, "Suspended")
    workshop.until_gone(until_told(mark, "before"))

    workshop.resume(run)
    until_state(run, "Completed")

    assert [line[0] for line in told(mark)] == ["before", "after"]


def test_a_flow_edited_while_its_run_waits_is_read_again(shop: Workshop, tmp_path: Path) -> None:
    mark, file = tmp_path / "mark", shop.folder / "small.py"
    run = shop.begin("gate", mark)
    until_state(run, "Suspended")
    file.write_text(workshop.FLOWS.replace('"after"', '"afterwards"'))

    workshop.resume(run)
    until_state(run, "Completed")
    file.write_text(workshop.FLOWS)

    assert [line[0] for line in told(mark)] == ["before", "afterwards"]


def test_a_run_gets_the_variables_and_settings_of_its_deployment(
    shop: Workshop, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    variables = {"TOLD": "something", "PREFECT_LOGGING_LEVEL": "DEBUG"}
    run = shop.begin("tell", mark, job={"env": variables})
    until_state(run, "Completed")

    assert [line[0] for line in told(mark)] == ["something", "DEBUG", str(shop.folder)]
    assert "| DEBUG" in _log(shop)


def test_what_a_run_says_is_in_the_log_of_the_worker(shop: Workshop, tmp_path: Path) -> None:
    before = _log(shop)
    run = shop.begin("tell", tmp_path / "mark")
    until_state(run, "Completed")

    said = _log(shop)[len(before) :]

    assert "a line for the log" in said
    assert "a line for the screen" in said


def test_a_cancelled_run_ends_with_its_process(shop: Workshop, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run = shop.begin("wait", mark)
    process = until_told(mark, "begins")

    workshop.cancel(run)
    until_state(run, "Cancelled")

    workshop.until_gone(process)
    assert [line[0] for line in told(mark)] == ["begins"]


def test_a_killed_run_is_crashed_and_a_retry_completes_it(shop: Workshop, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run = shop.begin("wait", mark)
    os.kill(until_told(mark, "begins"), signal.SIGKILL)
    until_state(run, "Crashed")

    workshop.retry(run, lambda: len(told(mark)) > 1)
    Path(f"{mark}.go").touch()
    until_state(run, "Completed")

    assert [line[0] for line in told(mark)] == ["begins", "begins", "ends"]


def test_the_exit_code_of_a_run_comes_through(shop: Workshop, tmp_path: Path) -> None:
    run = shop.begin("leave", tmp_path / "mark", code=7)

    assert "status code: 7" in str(until_state(run, "Crashed").message)


def test_a_worker_keeps_to_its_limit(new_shop: Workshop, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    runs = [new_shop.begin("wait", first)]
    until_told(first, "begins")
    runs.append(new_shop.begin("wait", second))
    until_state(runs[1], "Scheduled", "Late")
    Path(f"{second}.go").touch()
    assert told(second) == []

    Path(f"{first}.go").touch()
    for run in runs:
        until_state(run, "Completed")

    assert [line[0] for line in told(second)] == ["begins", "ends"]


def _log(shop: Workshop) -> str:
    return shop.worker.log.read_text(errors="replace")
