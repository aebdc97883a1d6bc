"""A server on SQLite does not stand still because it came upon garbage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("way", "outcome"), [((), "stood still"), (("aside",), "went on")])
def test_garbage_that_is_collected_aside_holds_nobody_up(
    root: Path, way: tuple[str, ...], outcome: str
) -> None:
    told = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.gateway.stall", *way],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )

    assert told.stdout.strip() == outcome
