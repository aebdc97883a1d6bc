"""The trail says from which commit a runbook came, and whether it was as committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from adapters.shared.origin import origin


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Petra", "-c", "user.email=p@example.org")
    return subprocess.run(  # noqa: S603 - git of the tests
        ["git", *who, "-C", str(folder), *arguments],  # noqa: S607 - the one in the path
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def test_the_commit_is_told_and_that_something_was_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    runbooks = tmp_path / "runbooks"
    runbooks.mkdir()
    (runbooks / "a.yaml").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    (tmp_path / "elsewhere").write_text("of no matter")
    clean = origin(runbooks)
    (runbooks / "b.yaml").write_text("b")

    assert clean == {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    assert origin(runbooks) == {**clean, "dirty": True}


def test_a_folder_in_no_repository_has_no_commit(tmp_path: Path) -> None:
    assert origin(tmp_path) == {}
    assert origin(tmp_path / "missing") == {}


def test_a_repository_runs_no_program_of_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "one")
    (tmp_path / "spy").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "spy").chmod(0o700)
    git(tmp_path, "config", "core.fsmonitor", str(tmp_path / "spy"))

    assert origin(tmp_path)["dirty"] is True
    assert not (tmp_path / "ran").exists()
