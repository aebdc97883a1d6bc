"""What holds for every test: no setting of the developer's machine, and no default ledger."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from demo.stage import Stage

CRASH_SEED = "RUNBOOK_CRASH_SEED"
KEPT = {"RUNBOOK_TESTS_REQUIRE_ALL", "RUNBOOK_PICTURES", CRASH_SEED}
for name in [*os.environ]:
    if name.startswith(("RUNBOOK_", "PREFECT_")) and name not in KEPT:
        del os.environ[name]
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["DO_NOT_TRACK"] = "1"
# drawn here, before any worker of xdist is started, so that all of them have the one that is told
os.environ.setdefault(CRASH_SEED, str(secrets.randbelow(10**6)))

# no example of a property fails because the machine was busy
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the seed of the crash sample, so that it can be played again."""
    terminalreporter.write_line(f"crash sample: {CRASH_SEED}={os.environ[CRASH_SEED]}")


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Count up folders; pytest's own looks through all there are for the next number each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_prefect_home(_homes: Iterator[Path]) -> Iterator[None]:
    """Give every test a Prefect home and a folder of logins, so that none meets the developer's."""
    before = {name: os.environ.get(name) for name in ("PREFECT_HOME", "XDG_CONFIG_HOME")}
    for name in before:
        home = next(_homes)
        home.mkdir()
        os.environ[name] = str(home)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def _stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    from demo.stage import NO_CLOCK, set_stage  # noqa: PLC0415 - Prefect comes where it is needed

    with set_stage(tmp_path_factory.mktemp("stage") / "state", extra=NO_CLOCK) as stage:
        yield stage


@pytest.fixture
def stage(_stage: Stage) -> Iterator[Stage]:
    """One stage for all tests that need Prefect: real server, real worker, and the sandbox.

    Such tests carry `pytest.mark.xdist_group("stage")`, so that they share it. This process's
    Prefect client is pointed at it.
    """
    from flows.door import at_server  # noqa: PLC0415 - as above

    with at_server(_stage.api_url):
        yield _stage


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One stage behind a gateway, with runbooks of its own that a test may edit.

    Such tests carry `pytest.mark.xdist_group("gated")`, so that they share it. Nobody is signed in.
    """
    from demo.stage import NO_CLOCK, ROOT, set_stage  # noqa: PLC0415 - as above

    folder = tmp_path_factory.mktemp("gated")
    shutil.copytree(ROOT / "runbooks", folder / "runbooks")
    changes = {"runbooks": str(folder / "runbooks")}
    state = folder / "state"
    with set_stage(state, gateway=True, changes=changes, extra=NO_CLOCK) as stage:
        yield stage
