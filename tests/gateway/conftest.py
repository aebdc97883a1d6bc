from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.processes import free_port, start, wait_for_url
from demo.stage import ROOT, SERVER, Stage
from tests.gateway.street import Street, open_street
from tests.gateway.town import Town, held_at_gate


@pytest.fixture(scope="session")
def town(gated: Stage) -> Iterator[Town]:
    """Everybody before the gateway; what they hold is closed at the end."""
    with ExitStack() as stack:
        yield Town(gated, stack)


@pytest.fixture(scope="session")
def back(town: Town) -> Iterator[str]:
    """The API of a Prefect server without a gateway, on the database of the stage."""
    stage, port = town.stage, free_port()
    url = f"http://127.0.0.1:{port}"
    program = start(
        "back door",
        [*SERVER, str(port), "--no-services"],
        stage.folder / "logs" / "back-door.log",
        {**stage.variables, "PREFECT_API_URL": f"{url}/api"},
        ROOT,
    )
    try:
        wait_for_url(f"{url}/api/health", program, 120)
        yield f"{url}/api"
    finally:
        program.stop()


@pytest.fixture(scope="module")
def waiting(town: Town) -> Iterator[str]:
    """A run that stands at its first gate, and shall stand there still afterwards."""
    yield from held_at_gate(town, "psd2-webhook-secret")


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """The gateway's pages with a provider, and a clock that a test may move."""
    with open_street(tmp_path) as opened:
        yield opened
