"""One stage for all tests that need Prefect: real server, real worker, and the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stage import Stage, set_stage
from flows.door import at_server


@pytest.fixture(scope="session")
def _stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage") / "state"
    with set_stage(folder) as stage:
        yield stage


@pytest.fixture
def stage(_stage: Stage) -> Iterator[Stage]:
    """The stage, with this process's Prefect client pointed at it."""
    with at_server(_stage.api_url):
        yield _stage


def log_of(folder: Path, name: str) -> str:
    return (folder / "logs" / f"{name}.log").read_text(errors="replace")
