"""What the suite relies on in the programs that run it."""

# ruff: noqa: S603 - this interpreter, arguments made here

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

GROUP = """
import pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    pass
"""


def test_tests_of_one_group_share_a_worker(tmp_path: Path) -> None:
    (tmp_path / "test_group.py").write_text(GROUP)
    command = ["pytest", "-n", "2", "--dist", "loadgroup", "--verbose", "-p", "no:cacheprovider"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, env=clean, capture_output=True, check=False
    )

    said = ended.stdout.decode()
    assert len(re.findall(r"\[gw\d\].* PASSED", said)) == 6, said
    assert len(set(re.findall(r"\[(gw\d)\].* PASSED", said))) == 1, said
