"""A busy database is waited out before a person sees an error, and nothing else is repeated."""

from __future__ import annotations

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway import patience

PAUSES = len(patience.PAUSES)


class Prefect:
    """Answers with one status after the other, and says what was sent to it."""

    def __init__(self, *statuses: int, raises: bool = False) -> None:
        self.left = list(statuses)
        self.bodies: list[bytes] = []
        self.raises = raises

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append((await receive())["body"])
        status = self.left.pop(0)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": str(status).encode()})
        if self.raises and status >= 500:
            raise RuntimeError("raised again, for the log")


def asked(prefect: Prefect) -> list[Message]:
    heard: list[Message] = []

    async def send(message: Message) -> None:
        heard.append(message)

    async def go() -> None:
        await patience.ask(prefect, {"type": "http"}, b"signed", send)

    anyio.run(go)
    return heard


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * PAUSES)


@pytest.mark.parametrize("raises", [False, True])
def test_what_is_busy_is_sent_again_as_it_was_and_answered_once(*, raises: bool) -> None:
    prefect = Prefect(503, 503, 201, raises=raises)

    heard = asked(prefect)

    assert [message.get("status") for message in heard] == [201, None]
    assert prefect.bodies == [b"signed"] * 3


@pytest.mark.parametrize("status", [200, 403, 409, 422, 500])
def test_any_other_answer_is_passed_on_and_nothing_is_repeated(status: int) -> None:
    prefect = Prefect(status, 200)

    assert asked(prefect)[0]["status"] == status
    assert len(prefect.bodies) == 1


def test_what_stays_busy_is_told() -> None:
    prefect = Prefect(*[503] * (PAUSES + 1))

    assert asked(prefect)[0]["status"] == 503
    assert len(prefect.bodies) == PAUSES + 1


def test_a_fault_is_raised() -> None:
    with pytest.raises(RuntimeError, match="raised again"):
        asked(Prefect(500, raises=True))
