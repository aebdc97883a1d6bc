"""What the warm worker does beyond the stock one: its zygote, its launchers, its predecessors."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stage import Stage
from flows.door import wake
from flows.worker.job import LAUNCHER
from flows.worker.settings import UNFIT
from tests.flows import workshop
from tests.flows.voyages import until
from tests.flows.workshop import Workshop, open_shop, told, until_gone, until_state, until_told

pytestmark = pytest.mark.xdist_group("stage")


@pytest.fixture(scope="module")
def _shop(_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("shop") / "flows"
    with open_shop("warm", _stage, folder) as shop:
        yield shop


@pytest.fixture
def shop(_shop: Workshop, stage: Stage) -> Workshop:
    return _shop


def test_a_run_is_a_fork_of_the_zygote(shop: Workshop, tmp_path: Path) -> None:
    run, mark = _begin(shop, tmp_path)

    assert {_parent(mark)} == shop.zygotes()
    _finish(run, mark)


def test_a_run_cancelled_in_the_moment_of_its_start_is_cancelled(
    shop: Workshop, tmp_path: Path
) -> None:
    runs = []
    for pause in ("at once", "when it is pending"):
        run = shop.begin("wait", tmp_path / f"mark-{pause}")
        if pause == "when it is pending":
            until_state(run, "Pending", "Submitting", "InfrastructurePending", "Running")
        workshop.cancel(run)
        runs.append(run)

    for run in runs:
        until_state(run, "Cancelled")
    until(lambda: None if any(map(shop.executes, runs)) else True, "their processes to be gone")


def test_killing_the_launcher_kills_the_run(shop: Workshop, tmp_path: Path) -> None:
    run, mark = _begin(shop, tmp_path)
    (launcher,) = shop.executes(run)

    os.kill(launcher, signal.SIGKILL)

    until_state(run, "Crashed")
    until_gone(int(told(mark)[0][1]))


def test_a_retry_pressed_at_once_is_not_overwritten_by_a_second_report_of_the_crash(
    shop: Workshop, tmp_path: Path
) -> None:
    run, mark = _begin(shop, tmp_path)
    os.kill(int(told(mark)[0][1]), signal.SIGKILL)
    until_state(run, "Crashed")

    wake(run)
    until_told(mark, "begins", 2)
    _finish(run, mark)

    assert workshop.history(run).count("Crashed") == 1


def test_without_its_zygote_a_run_crashes_and_the_next_run_is_served(
    shop: Workshop, tmp_path: Path
) -> None:
    run, mark = _begin(shop, tmp_path)
    os.kill(_parent(mark), signal.SIGKILL)
    until_gone(int(told(mark)[0][1]))
    until_state(run, "Crashed")

    run, mark = _begin(shop, tmp_path, "next")
    _finish(run, mark)


def test_what_a_killed_worker_left_is_crashed_by_the_next_and_no_other_run_is(
    shop: Workshop, stage: Stage, tmp_path: Path
) -> None:
    run, mark = _begin(shop, tmp_path)
    with open_shop("warm", stage, tmp_path / "flows") as neighbour:
        other, their_mark = _begin(neighbour, tmp_path, "other")
        shop.worker.process.kill()
        until_gone(int(told(mark)[0][1]))
        assert workshop.read(run).state_name == "Running"

        shop.start()
        until_state(run, "Crashed")
        workshop.retry(run, lambda: len(told(mark)) > 1)

        _finish(run, mark)
        _finish(other, their_mark)


def test_a_worker_told_to_end_takes_no_new_run_and_lets_the_old_one_end(
    stage: Stage, tmp_path: Path
) -> None:
    with open_shop("warm", stage, tmp_path / "flows") as shop:
        run, mark = _begin(shop, tmp_path)

        os.killpg(shop.worker.process.pid, signal.SIGTERM)
        until(lambda: True if "no new run" in _log(shop) else None, "the worker to hear it")
        waiting = shop.begin("wait", tmp_path / "new")
        _finish(run, mark)

        assert shop.worker.process.wait(60) == 0
        assert workshop.read(waiting).state_name in {"Scheduled", "Late"}


def test_a_worker_told_twice_to_end_ends_its_runs_and_the_next_one_reports_them(
    stage: Stage, tmp_path: Path
) -> None:
    with open_shop("warm", stage, tmp_path / "flows") as shop:
        run, mark = _begin(shop, tmp_path)

        shop.worker.process.terminate()
        until(lambda: True if "no new run" in _log(shop) else None, "the worker to hear it")
        shop.worker.process.terminate()
        shop.worker.process.wait(60)
        until_gone(int(told(mark)[0][1]))

        shop.start()
        until_state(run, "Crashed")


def test_a_second_worker_of_the_same_name_is_refused(shop: Workshop) -> None:
    shop.start()
    refused = shop.programs.pop()

    assert refused.process.wait(60) == 2
    assert "is at work on this host" in _log(shop)


@pytest.mark.parametrize(
    ("pool", "told"),
    [("nowhere", "there is no work pool nowhere"), ("elsewhere", "is of type kubernetes")],
)
def test_a_worker_whose_pool_is_not_there_or_not_for_it_says_so(
    shop: Workshop, pool: str, told: str
) -> None:
    workshop.make_pool_of("elsewhere", "kubernetes")
    shop.start("--pool", pool)
    refused = shop.programs.pop()

    assert refused.process.wait(60) == 2
    assert told in _log(shop)


def test_a_launcher_that_finds_no_zygote_starts_the_engine_cold(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-I", "-S", str(LAUNCHER), str(tmp_path / "nobody")],
        capture_output=True,
        text=True,
        check=False,
        env={"PREFECT__FLOW_RUN_ID": "no-uuid", "PREFECT_HOME": str(tmp_path)},
    )

    assert done.returncode == 1
    assert "Invalid flow run id" in done.stderr


def test_a_zygote_with_a_second_thread_does_not_serve(tmp_path: Path, root: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True,"
        " name='stray').start()"
    )
    worker, zygote = socket.socketpair()
    with worker, zygote:
        done = subprocess.run(  # noqa: S603 # our own program
            [sys.executable, "-m", "flows.worker.zygote", str(tmp_path / "socket")],
            stdin=zygote.fileno(),
            capture_output=True,
            text=True,
            check=False,
            cwd=root,
            env={"PYTHONPATH": str(tmp_path), "PREFECT_HOME": str(tmp_path)},
        )

    assert done.returncode == UNFIT
    assert "stray" in done.stderr
    assert not (tmp_path / "socket").exists()


def _begin(shop: Workshop, folder: Path, name: str = "mark") -> tuple[str, Path]:
    mark = folder / name
    run = shop.begin("wait", mark)
    until_told(mark, "begins")
    return run, mark


def _finish(run: str, mark: Path) -> None:
    Path(f"{mark}.go").touch()
    until_state(run, "Completed")


def _parent(mark: Path) -> int:
    return int(told(mark)[-1][2])


def _log(shop: Workshop) -> str:
    return (shop.folder / "worker.log").read_text(errors="replace")


def test_a_fork_has_every_model_of_prefect_built() -> None:
    program = (
        "from importlib import import_module\n"
        "from prefect.client.schemas.objects import FlowRun\n"
        "from flows.worker.settings import PRELOADED\n"
        "from flows.worker.warmth import complete_models\n"
        "for name in PRELOADED: import_module(name)\n"
        "before = FlowRun.__pydantic_complete__\n"
        "complete_models()\n"
        "print(before, FlowRun.__pydantic_complete__)\n"
    )
    said = _said_by(program)
    assert said.split() == ["False", "True"], "where it is True before, nothing need be built"


def test_a_fork_has_every_step_imported() -> None:
    program = (
        "import sys\n"
        "from flows.worker.settings import PRELOADED\n"
        "from flows.worker.warmth import warm_up\n"
        "warm_up(PRELOADED)\n"
        "from adapters.registry import registry\n"
        "from adapters.settings import Settings\n"
        "before = {*sys.modules}\n"
        "print(len(registry(Settings.model_construct())) > 0, {*sys.modules} - before)\n"
    )
    assert _said_by(program).split() == ["True", "set()"]


def _said_by(program: str) -> str:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
