"""What the tests of the adapters share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from adapters.postgres.credential import with_login
from sandbox.inbox import Inbox
from sandbox.world import World
from tests.adapters import sky

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.platform import Platform
    from tests.adapters.circle import Circle
    from tests.adapters.database import Server


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own for each test; some modules make theirs another way."""
    with sky.opened(tmp_path_factory.mktemp("sky")) as made:
        yield made


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    """Two encrypted files, who reads them, and somebody who leaves."""
    from tests.adapters.circle import build  # noqa: PLC0415 - only where it is needed

    return build(tmp_path)


@pytest.fixture
def platform(circle: Circle) -> Iterator[Platform]:
    """A platform around that circle."""
    from tests.adapters.exposures import platform_of  # noqa: PLC0415 - as above

    with platform_of(circle) as opened:
        yield opened


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One PostgreSQL for all tests that rotate roles; they carry `xdist_group("database")`."""
    from tests.adapters.database import open_server  # noqa: PLC0415 - only where it is needed

    with open_server(tmp_path_factory.mktemp("database")) as server:
        yield server


@pytest.fixture
def current(database: Server) -> SecretStr:
    """The secret in force, on roles that were made anew."""
    return database.fresh()


@pytest.fixture
def new(current: SecretStr) -> SecretStr:
    """A connection URL for the resting role that nobody has set yet."""
    from tests.adapters.database import RESTING  # noqa: PLC0415 - as above

    return with_login(current, RESTING, SecretStr("0123456789abcdef" * 2))


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A web hook that keeps what it is sent."""
    with Inbox() as made:
        yield made
