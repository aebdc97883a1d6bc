from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shelf import Shelf, open_shelf
from rehearsal.worlds import Worlds, open_worlds

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def worlds() -> Iterator[Worlds]:
    """One sandbox that makes a world for each case."""
    with open_worlds() as opened:
        yield opened


@pytest.fixture
def author(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The shipped runbooks, without settings."""
    monkeypatch.chdir(ROOT)
    shelf = open_shelf()
    assert isinstance(shelf, Shelf)
    return shelf
