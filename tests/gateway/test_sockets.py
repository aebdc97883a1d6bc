"""Websockets: who may open which, and that one ends with the session behind it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.sockets import Sockets
from gateway.store import digest
from tests.gateway.porch import URL, Porch
from tests.gateway.town import Town

PREFECT = [Subprotocol("prefect")]


def opens(town: Town, path: str, headers: dict[str, str]) -> bool:
    """Tell whether this websocket can be opened."""
    url = f"{town.stage.api_url.replace('http', 'ws', 1)}{path}"
    try:
        with connect(url, additional_headers=headers, open_timeout=60):
            return True
    except InvalidStatus as refused:
        status = refused.response.status_code
    assert status == 403
    return False


@pytest.mark.xdist_group("gated")
def test_a_websocket_is_for_whom_the_table_says(town: Town) -> None:
    def known(name: str) -> dict[str, str]:
        return {"authorization": town.client(name).headers["authorization"]}

    assert not opens(town, "/events/out", {})
    assert not opens(town, "/events/out", {"authorization": "Bearer rbt_made-up"})
    assert opens(town, "/events/out", known("vera"))
    assert opens(town, "/logs/out", known("olga"))
    assert opens(town, "/events/in", known("worker"))
    assert not opens(town, "/events/in", known("anna"))
    assert not opens(town, "/task_runs/subscriptions/scheduled", known("worker"))
    assert not opens(town, "/work_pools/oncall/workers/connect", known("olga"))
    assert not opens(town, "/events/sideways", known("worker"))
    assert not opens(town, "/../events/out", known("vera"))


@pytest.mark.xdist_group("gated")
def test_a_page_of_another_site_opens_no_websocket_with_a_persons_session(town: Town) -> None:
    cookie = {"cookie": f"runbook={town.browser('olga').cookies['runbook']}"}

    assert opens(town, "/events/out", {**cookie, "origin": town.stage.url})
    for origin in ("https://evil.example", "null", f"{town.stage.url}0"):
        assert not opens(town, "/events/out", {**cookie, "origin": origin})
    assert not opens(town, "/events/out", cookie)


@pytest.mark.xdist_group("gated")
def test_signing_out_cuts_the_websockets_of_the_session(town: Town) -> None:
    browser, origin = town.browser("vera"), {"origin": town.stage.url}
    cookie = {"cookie": f"runbook={browser.cookies['runbook']}"}
    url = f"{town.stage.api_url.replace('http', 'ws', 1)}/logs/out"
    with connect(
        url, additional_headers={**cookie, **origin}, subprotocols=PREFECT, open_timeout=60
    ) as open_socket:
        open_socket.send(json.dumps({"type": "auth", "token": None}))
        assert json.loads(open_socket.recv(60))["type"] == "auth_success"
        open_socket.send(json.dumps({"type": "filter", "filter": {}}))
        browser.post("/gateway/logout", headers=origin).raise_for_status()

        with pytest.raises(ConnectionClosed) as ended:
            list(open_socket)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008


def test_a_websocket_ends_with_the_session_behind_it(tmp_path: Path) -> None:
    porch = Porch(tmp_path)
    secret = porch.session()
    sent: list[Message] = []
    seen = asyncio.Event()
    ended: list[bool] = []

    async def prefect(scope: Scope, receive: Receive, send: Send) -> None:
        assert not {name for name, _ in scope["headers"]} & {b"cookie", b"authorization"}
        await send({"type": "websocket.accept"})
        seen.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def sending(message: Message) -> None:
        sent.append(message)

    async def play() -> None:
        scope = _scope(secret)
        served = asyncio.create_task(
            Sockets(prefect, porch.doors, look_every=0.01)(scope, _nothing, sending)
        )
        await seen.wait()
        porch.store.forget("session", digest(secret))
        await asyncio.wait_for(served, 60)

    asyncio.run(play())
    porch.store.close()

    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert ended == [True]


async def _nothing() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("unreachable: nothing sets the event")


def _scope(session: str) -> dict[str, Any]:
    headers = {"cookie": f"runbook={session}", "origin": URL}
    return {
        "type": "websocket",
        "path": "/api/events/out",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }
