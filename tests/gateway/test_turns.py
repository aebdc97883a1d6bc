"""Requests to a Prefect with one writer: so many at a time, first come first served, nobody held up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import pytest
from anyio.lowlevel import checkpoint
from starlette.types import Message, Receive, Scope, Send

from gateway.turns import InTurns

PATH = "/api/flow_runs/filter"


@dataclass
class Prefect:
    """Counts who is inside, and answers when it may."""

    may_answer: anyio.Event = field(default_factory=anyio.Event)
    inside: int = 0
    most: int = 0
    came: list[str] = field(default_factory=list)
    breaks: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.came.append(scope.get("name", ""))
        await self.may_answer.wait()
        self.inside -= 1
        if self.breaks:
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def heard(message: Message) -> None:
    await checkpoint()


def asking(path: str = PATH, kind: str = "http", name: str = "") -> Scope:
    return {"type": kind, "path": path, "name": name}


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await checkpoint()


async def rounds() -> None:
    """Let everybody go as far as they can."""
    for _ in range(50):
        await checkpoint()


@pytest.mark.anyio
async def test_so_many_are_inside_and_the_rest_comes_in_order() -> None:
    prefect = Prefect()
    app = InTurns(prefect, 2)
    async with anyio.create_task_group() as people:
        for number in range(6):
            people.start_soon(app, asking(name=str(number)), nothing, heard)
        await rounds()
        assert prefect.inside == 2
        prefect.may_answer.set()
    assert prefect.most == 2
    assert prefect.came == list("012345")


@pytest.mark.anyio
async def test_who_reads_slowly_has_had_their_turn() -> None:
    prefect = Prefect()
    prefect.may_answer.set()
    app = InTurns(prefect, 1)

    async def never(message: Message) -> None:
        await anyio.sleep_forever()

    async with anyio.create_task_group() as people:
        people.start_soon(app, asking(), nothing, never)
        await until(lambda: prefect.came == [""])
        await app(asking(name="next"), nothing, heard)
        people.cancel_scope.cancel()
    assert prefect.came == ["", "next"]


@pytest.mark.anyio
async def test_a_turn_that_breaks_or_is_given_up_is_over() -> None:
    prefect = Prefect(breaks=True)
    app = InTurns(prefect, 1)
    async with anyio.create_task_group() as people:
        people.start_soon(app, asking(), nothing, heard)
        await until(lambda: prefect.inside == 1)
        people.cancel_scope.cancel()
    prefect.may_answer.set()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            await app(asking(), nothing, heard)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "other", [asking("/runs"), asking("/api/events/in", "websocket"), asking("", "lifespan")]
)
async def test_pages_and_what_stays_open_take_no_turn(other: Scope) -> None:
    prefect = Prefect()
    app = InTurns(prefect, 1)
    async with anyio.create_task_group() as people:
        people.start_soon(app, asking(), nothing, heard)
        people.start_soon(app, other, nothing, heard)
        await until(lambda: prefect.inside == 2)
        prefect.may_answer.set()
