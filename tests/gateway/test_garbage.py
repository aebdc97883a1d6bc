"""A server on SQLite comes upon garbage in no thread that has something else to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_garbage_is_freed_by_a_thread_of_its_own_and_by_no_other(root: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.gateway.aside"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )

    assert told.stdout.split() == ["garbage", "False"]
