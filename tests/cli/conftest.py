from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from adapters.settings import VARIABLE
from cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """What one call of `runbook` left behind."""

    code: int
    out: str
    err: str


Runbook = Callable[..., Ended]


@pytest.fixture
def runbook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Runbook:
    """Call `runbook` in an empty working directory, with nothing set and a pipe for input."""
    monkeypatch.setenv(VARIABLE, "")  # so that what a call sets is taken back
    monkeypatch.delenv(VARIABLE)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["runbook", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The shipped runbooks on a platform that has facts and a ledger, and no system to reach."""
    file = tmp_path / "platform.yaml"
    shipped = ROOT / "runbooks"
    file.write_text(
        yaml.safe_dump(
            {
                "runbooks": str(shipped),
                "catalogue": str(shipped / "secrets.yaml"),
                "people": str(shipped / "people.yaml"),
                "platform": {
                    "app": "https://app.example.org",
                    "anthropic_console": "https://console.example.org",
                },
                "ledger": {"url": f"sqlite:///{tmp_path / 'ledger.db'}"},
            }
        )
    )
    return file
