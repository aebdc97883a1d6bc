"""The settings mean the same from every working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ledger import from_folder
from adapters.settings import Settings, load_settings


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a relative ledger and nothing else, read from another working directory."""
    folder, elsewhere = tmp_path / "platform", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "runbook.yaml").write_text("ledger: {url: sqlite:///ledger.db}\npeople: null\n")
    monkeypatch.chdir(elsewhere)
    return load_settings(folder / "runbook.yaml")


def test_a_relative_ledger_is_beside_the_settings(loaded: Settings, tmp_path: Path) -> None:
    assert loaded.ledger.url.partition(":///")[2] == str(tmp_path / "platform" / "ledger.db")


def test_what_is_not_written_is_beside_the_settings(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "platform"

    assert loaded.runbooks == folder / "runbooks"
    assert loaded.catalogue == folder / "runbooks" / "secrets.yaml"
    assert loaded.people == folder / "runbooks" / "people.yaml"
    assert loaded.freeze is None


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///ledger.db?timeout=9", "sqlite:////base/ledger.db?timeout=9"),
        ("sqlite+pysqlite:///a/../b c.db", "sqlite+pysqlite:////base/a/../b c.db"),
        ("sqlite:///file:b%20c.db?uri=true", "sqlite:////file:/base/b%20c.db?uri=true"),
    ],
)
def test_a_relative_file_of_a_ledger_begins_at_the_folder(url: str, file: str) -> None:
    assert from_folder(url, Path("/base")).replace("///file:", "////file:") == file


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////var/lib/ledger.db",
        "sqlite:///file:/var/lib/ledger.db?mode=ro&uri=true",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://olga:hunter2@db.example.org/ledger",
        "not a url",
        "",
    ],
)
def test_any_other_ledger_is_left_where_it_is(url: str) -> None:
    assert from_folder(url, Path("/base")) == url
