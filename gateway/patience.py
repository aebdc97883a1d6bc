"""A database that is busy, waited out here, because a browser does not.

Prefect answers 503 to what its clients are to send again, most of all on SQLite while another one
writes; the transaction is rolled back by then (`is_client_retryable_exception` in
prefect/server/api/server.py). Its own clients wait two seconds; its UI shows an error.
"""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.body import reading

BUSY = 503
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before each further try; what is busy then is told."""


class _Held:
    """Passes an answer on, unless it says that Prefect is busy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_busy = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_busy = message["status"] == BUSY
        if not self.is_busy:
            await self._send(message)


async def ask(prefect: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Send a request to Prefect, and again while it is busy."""
    for pause in PAUSES:
        held = _Held(send)
        try:
            await prefect(dict(scope), reading(body, receive), held)
        except Exception:
            # after its answer Starlette raises the error again, for the log of the server
            if not held.is_busy:
                raise
        if not held.is_busy:
            return
        await anyio.sleep(pause)
    await prefect(scope, reading(body, receive), send)
