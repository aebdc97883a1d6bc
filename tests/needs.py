"""Parts a machine may lack: without them a test is skipped, or fails where all are asked for."""

from __future__ import annotations

import os

import pytest

REQUIRE_ALL = "RUNBOOK_TESTS_REQUIRE_ALL"


def missing(part: str) -> None:
    """Skip this test because `part` is not here; fail instead where `RUNBOOK_TESTS_REQUIRE_ALL` is set."""
    if os.environ.get(REQUIRE_ALL):
        pytest.fail(f"{part} is not here, and {REQUIRE_ALL} asks for every part")
    pytest.skip(f"{part} is not here")
