from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from demo.stage import Stage
from tests.gateway.town import Town


@pytest.fixture(scope="session")
def town(gated: Stage) -> Iterator[Town]:
    """Everybody before the gateway; what they hold is closed at the end."""
    with ExitStack() as stack:
        yield Town(gated, stack)
