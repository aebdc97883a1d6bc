"""A real PostgreSQL for one test session (`sandbox.postgresql`).

A test module asks for it with `pytest_plugins = ["tests.postgres"]`; `database_url` gives a test an
empty database of each kind in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.postgresql import Postgres, find_programs, running_postgres
from tests.needs import missing


def require_programs() -> Path:
    """Return the folder of the programs; skip the test where there is none, or fail as asked for."""
    programs = find_programs()
    if programs is None:
        missing("PostgreSQL")
    assert programs is not None
    return programs


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the session."""
    with running_postgres(require_programs()) as server:
        yield server


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[str]:
    """Name an empty database of the server."""
    with postgres.new_database() as name:
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database: once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    name: str = request.getfixturevalue("postgres_database")
    server: Postgres = request.getfixturevalue("postgres")
    return server.url(name)
