"""The image has an account to run under and nothing of a platform, and the README makes its keys."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def test_the_user_of_the_image_has_an_account_as_ssh_wants_one() -> None:
    [uid, gid] = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)[0]

    assert re.search(
        rf"^RUN groupadd --gid {gid} .*useradd --uid {uid} --gid {gid} ", DOCKERFILE, re.MULTILINE
    )


@pytest.mark.parametrize("name", ["keys/", "state/", "runbook.yaml", ".venv/", ".demo/", ".cache/"])
def test_what_a_platform_keeps_here_gets_into_no_image(name: str) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()

    assert name in lines
    assert not [each for each in lines if each.startswith((".git", "runbooks", "!"))]


def test_what_a_platform_keeps_here_gets_into_no_commit(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".gitignore", tmp_path)
    _run(tmp_path, "git", "init", "--quiet")
    kept = ["keys/engine.txt", "state/ledger.db", "runbook.yaml"]
    ours = ["adapters/shared/keys/provider.py", "deploy/runbook.yaml", "runbooks/people.yaml"]

    assert _run(tmp_path, "git", "check-ignore", *kept, *ours).splitlines() == kept


def test_the_readme_makes_the_keys_in_a_fresh_folder(tmp_path: Path) -> None:
    page = (ROOT / "README.md").read_text().partition("### The engine's own keys")[2]
    commands = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)[0]

    _run(tmp_path, "sh", "-ec", commands)

    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.rglob("*")}
    assert modes == {"keys": "0o700", "engine.txt": "0o400", "fingerprint": "0o600"}


def _run(folder: Path, *words: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(  # noqa: S603 - programs of the tests
        words, cwd=folder, env={**os.environ, "PATH": path}, check=True, capture_output=True, text=True
    ).stdout  # fmt: skip
