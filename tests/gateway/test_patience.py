"""A busy database is waited out before a person sees an error, and nothing else is repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from starlette.responses import StreamingResponse
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

    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def go() -> None:
        await patience.ask(prefect, {"type": "http"}, b"signed", leave, send)

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


async def _lines(left: anyio.Event) -> AsyncIterator[str]:
    yield "first\n"
    await checkpoint()
    yield "second\n"
    left.set()
    await checkpoint()
    await checkpoint()
    yield "third\n"


@pytest.mark.parametrize("leaves", [False, True])
def test_an_answer_is_streamed_until_its_client_leaves(*, leaves: bool) -> None:
    heard: list[str] = []

    async def go() -> None:
        said = anyio.Event()
        gone = said if leaves else anyio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            heard.append(message.get("body", b"").decode())
            await checkpoint()

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        await patience.ask(StreamingResponse(_lines(said)), scope, b"", receive, send)

    anyio.run(go)

    assert heard == ["", "first\n", "second\n", *([] if leaves else ["third\n", ""])]
