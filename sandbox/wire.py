"""Between the socket and a double: reading the call, injecting faults, writing the access log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.routes import Answer, Call

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from sandbox.access import AccessLog
    from sandbox.faults import Fault, Faults


class WireProtocol(H11Protocol):
    """HTTP/1.1 that shows its transport to the application, so that it can be cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Remember the transport of this connection in the state of its requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Wire:
    """One double as an ASGI application."""

    def __init__(self, double: str, answer: Answer, log: AccessLog, faults: Faults) -> None:
        self._double = double
        self._answer = answer
        self._log = log
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail as the armed fault says."""
        call = await _read(scope, receive)
        fault = self._faults.take(self._double, call.method, call.path)
        match fault.kind if fault else None:
            case "drop":
                await self._cut(scope, call, "drop")
            case "lost_reply":
                await self._ask(call)
                await self._cut(scope, call, "lost_reply")
            case _:
                response = await self._respond(call, fault)
                self._log.write(self._double, call.method, call.path, response.status_code)
                if fault and fault.kind == "half_body":
                    send = _half(send)
                await response(scope, receive, send)

    async def _respond(self, call: Call, fault: Fault | None) -> Response:
        if fault and fault.kind == "status":
            return _failure(fault)
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        return await self._ask(call)

    async def _ask(self, call: Call) -> Response:
        try:
            return await asyncio.to_thread(self._answer, call)
        except Exception as error:  # noqa: BLE001 - a broken double must still answer, and say so
            words = f"the {self._double} double failed with {type(error).__name__} at {call!r}"
            self._log.note_problem(words)
            return JSONResponse({"message": words}, status_code=500)

    async def _cut(self, scope: Scope, call: Call, word: str) -> None:
        self._log.write(self._double, call.method, call.path, word)
        cast("asyncio.Transport", scope["state"]["transport"]).abort()
        await asyncio.sleep(0.001)  # lets the server notice before this application returns


async def _read(scope: Scope, receive: Receive) -> Call:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


def _failure(fault: Fault) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    words: dict[str, Any] = {"message": "injected by the sandbox", "code": fault.status}
    return JSONResponse(words, status_code=fault.status, headers=headers)


def _half(send: Send) -> Send:
    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return send_half
