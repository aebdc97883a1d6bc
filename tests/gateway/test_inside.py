"""What the gateway itself asks of Prefect is asked again while Prefect is busy, and fails in words."""

from __future__ import annotations

import anyio
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway import inside
from gateway.identity import Forbidden
from gateway.inside import Inside

RUN = "6f1c2f1e-0b5e-4c1e-9a39-2b6f6a0c6d11"


class Prefect:
    """Answers with one status after the other, and raises behind an answer that is an error."""

    def __init__(self, *statuses: int) -> None:
        self.left = list(statuses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = self.left.pop(0)
        await JSONResponse({"id": RUN}, status)(scope, receive, send)
        if status >= 500:
            raise RuntimeError("raised again, for the log")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "PAUSES", (0.0, 0.0))


def test_a_busy_prefect_is_asked_again() -> None:
    prefect = Prefect(503, 503, 200, 503, 200)
    asked = Inside(prefect)

    assert anyio.run(asked.run, RUN) == {"id": RUN}
    anyio.run(asked.label, RUN, {"runbook.retry": "signed"})
    assert prefect.left == []


@pytest.mark.parametrize("statuses", [(503, 503, 503), (500,), (404,)])
def test_a_prefect_that_does_not_answer_lets_nobody_do_anything(statuses: tuple[int, ...]) -> None:
    with pytest.raises(Forbidden, match="Prefect knows no such run"):
        anyio.run(Inside(Prefect(*statuses)).run, RUN)
    with pytest.raises(Forbidden, match="Prefect did not note who asked for this"):
        anyio.run(Inside(Prefect(*statuses)).label, RUN, {})
