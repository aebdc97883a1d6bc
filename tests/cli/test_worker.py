from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.ledger import SqlJournal
from adapters.ledger.workers import Workers
from cli.exits import Exit
from tests.cli.conftest import ROOT, Runbook


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    (tmp_path / "runbook.yaml").write_text(f"ledger: {{url: 'sqlite:///{path}'}}\n")
    return path


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")


def test_a_worker_that_knows_no_server_is_refused(runbook: Runbook) -> None:
    ended = runbook("worker", "start")

    assert ended.code == Exit.REFUSED
    assert "PREFECT_API_URL is not set" in ended.err


@pytest.mark.usefixtures("no_server")
def test_a_worker_without_settings_is_refused(runbook: Runbook) -> None:
    ended = runbook("worker", "start")

    assert ended.code == Exit.REFUSED
    assert "no settings at" in ended.err


@pytest.mark.usefixtures("no_server")
def test_a_worker_without_a_ledger_is_refused(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "runbook.yaml").write_text("runbooks: runbooks\n")
    ended = runbook("worker", "start")

    assert ended.code == Exit.REFUSED
    assert "Set ledger.url" in ended.err


@pytest.mark.usefixtures("no_server")
def test_wrong_settings_are_told_with_their_place(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "runbook.yaml").write_text("ledger:\n  urll: here\n")
    ended = runbook("worker", "start")

    assert ended.code == Exit.INVALID
    assert "runbook.yaml:2:3: unknown key `urll`" in ended.err


@pytest.mark.parametrize("option", ["--patience=5", "--limit=0"])
def test_numbers_that_make_no_sense_are_a_usage_error(runbook: Runbook, option: str) -> None:
    assert runbook("worker", "start", option).code == Exit.USAGE


@pytest.mark.usefixtures("ledger")
def test_a_server_that_is_away_can_be_tried_again_later(tmp_path: Path) -> None:
    known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "worker", "start", "--name", "of-a-test"],
        cwd=tmp_path,
        env={**known, "PYTHONPATH": str(ROOT), "PREFECT_API_URL": "http://127.0.0.1:1/api"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == Exit.UNREACHABLE, ended.stderr
    assert "the Prefect server does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_who_is_at_work_is_listed(runbook: Runbook, ledger: Path) -> None:
    with SqlJournal(f"sqlite:///{ledger}") as journal:
        workers = Workers(journal)
        for name in ("a", "b"):
            workers.enter("oncall", name, f"host-{name} boot net", 30)
        workers.inherit(workers.find("oncall")[0], "b")
    shown = runbook("worker", "list").out.splitlines()
    told = json.loads(runbook("worker", "list", "--json").out)

    assert [line.split() for line in shown[1:]] == [
        ["a", "host-a", "30", "s", "b"],
        ["b", "host-b", "30", "s", "itself"],
    ]
    assert [(each["name"], each["heir"]) for each in told] == [("a", "b"), ("b", "")]
