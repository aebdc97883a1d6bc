"""What becomes of the runs of a worker that died, or slept, while another one of the pool lives."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.ledger.workers import Workers
from demo.stage import Stage
from tests.flows import workshop
from tests.flows.voyages import until
from tests.flows.workshop import Workshop, open_shop, told, until_gone, until_state, until_told

pytestmark = pytest.mark.xdist_group("stage")

PATIENCE = ("--patience", "15")
OTHER = "the-other"


@pytest.fixture
def shop(stage: Stage, tmp_path: Path) -> Iterator[Workshop]:
    """A pool of two workers; the one under the pool's name takes what is begun first."""
    with open_shop("warm", stage, tmp_path / "flows", *PATIENCE) as shop:
        yield shop


def test_the_runs_of_a_killed_worker_go_on_elsewhere_and_waiting_ones_are_left_alone(
    shop: Workshop, tmp_path: Path
) -> None:
    waiting = shop.begin("gate", tmp_path / "waiting")
    until_state(waiting, "Suspended")
    state = workshop.read(waiting).state_id
    mark = tmp_path / "mark"
    run = shop.begin("wait", mark)
    until_told(mark, "begins")
    shop.start(*PATIENCE, name=OTHER)
    until(lambda: True if OTHER in _names(shop) else None, "the other worker to be there")

    shop.programs[0].process.kill()
    until_told(mark, "begins", 2)
    Path(f"{mark}.go").touch()
    until_state(run, "Completed")

    assert [line[0] for line in told(mark)] == ["begins", "begins", "ends"]
    assert workshop.history(run).count("Crashed") == 1
    assert workshop.read(waiting).state_id == state
    until(lambda: True if _names(shop) == {OTHER} else None, "the dead worker to be forgotten")


def test_a_worker_that_slept_too_long_ends_its_runs_and_starts_anew(
    shop: Workshop, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run = shop.begin("wait", mark)
    sleeper = until_told(mark, "begins")
    asleep = shop.processes()
    shop.start(*PATIENCE, name=OTHER)
    until(lambda: True if OTHER in _names(shop) else None, "the other worker to be there")

    for process in asleep:
        os.kill(process, signal.SIGSTOP)
    until_told(mark, "begins", 2)
    os.kill(shop.programs[0].process.pid, signal.SIGCONT)
    until_gone(sleeper)
    Path(f"{mark}.go").touch()
    until_state(run, "Completed")

    assert [line[0] for line in told(mark)] == ["begins", "begins", "ends"]
    assert workshop.history(run).count("Crashed") == 1
    until(lambda: True if len(_names(shop)) == 2 else None, "it to be at work again")
    assert "starts anew" in shop.worker.log.read_text()
    assert shop.programs[0].is_running()


def test_a_worker_of_a_name_that_is_at_work_on_another_host_is_refused(
    shop: Workshop, stage: Stage
) -> None:
    until(lambda: True if _names(shop) else None, "the worker to be there")
    with stage.platform().journal as journal:
        workers = Workers(journal)
        [here] = workers.find(shop.pool)
        life = workers.enter(shop.pool, OTHER, "another host", 12)
        shop.start(*PATIENCE, name=OTHER)

        def ended() -> bool | None:
            assert workers.beat(life)
            return None if shop.worker.is_running() else True

        until(ended, "the second of that name to be refused")
        workers.leave(life)

    refused = shop.programs.pop()
    assert refused.process.wait() == 2
    assert "is at work at another host" in refused.log.read_text()
    assert here.name == shop.pool


def test_a_worker_that_is_told_to_end_signs_off(shop: Workshop) -> None:
    log = shop.worker.log
    until(lambda: "takes runs" in log.read_text() or None, "the worker to be there")
    assert _names(shop) == {shop.pool}

    shop.worker.process.terminate()

    assert shop.worker.process.wait(60) == 0
    assert _names(shop) == set()


def _names(shop: Workshop) -> set[str]:
    with shop.stage.platform().journal as journal:
        return {each.name for each in Workers(journal).find(shop.pool)}
