"""Requests to a Prefect on SQLite, a few at a time, in the order in which they came.

SQLite has one writer. Who finds it busy sleeps for up to 100 ms and looks again
(`sqliteDefaultBusyCallback` in SQLite's main.c), nobody in turn; Prefect gives each request a
connection, up to fifteen. So with twenty runs at once most of the time went by in sleeping. A queue
before the database costs nothing, and is fair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from gateway.scopes import API

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

AT_ONCE = 2
"""One that computes while another waits for the database; `docs/adr/0028` has the measurements."""


class InTurns:
    """Prefect's application, which answers so many requests to its API at the same time.

    A turn is over when the answer begins: by then the database is done with, and a client that reads
    slowly holds nobody up. Bodies are read before (`gateway.body`). Pages and websockets pass.
    """

    def __init__(self, prefect: ASGIApp, at_once: int) -> None:
        self._prefect = prefect
        self._turns = anyio.Semaphore(at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it is its turn."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{API}/"):
            await self._prefect(scope, receive, send)
            return
        await self._turns.acquire()
        turn = _Turn(self._turns, send)
        try:
            await self._prefect(scope, receive, turn.send)
        finally:
            turn.end()


class _Turn:
    def __init__(self, turns: anyio.Semaphore, send: Send) -> None:
        self._turns = turns
        self._send = send
        self._is_over = False

    async def send(self, message: Message) -> None:
        self.end()
        await self._send(message)

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._turns.release()
