"""What the tests of the adapters share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.world import World
from tests.adapters import sky


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own for each test; some modules make theirs another way."""
    with sky.opened(tmp_path_factory.mktemp("sky")) as made:
        yield made
