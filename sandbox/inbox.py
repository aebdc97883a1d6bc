"""Where notices arrive: a webhook that keeps every message it is sent, as Apprise's `json://` sends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.server import Server

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

HOOK = "/hook/"


class Inbox:
    """A running webhook; it takes messages, or refuses every one while `broken`."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.broken = False
        self._lock = threading.Lock()
        self._server = Server("inbox", self)

    def address(self, token: str) -> str:
        """Return the Apprise address whose path holds `token`, as that of a chat does."""
        return self._server.url.replace("http://", "json://") + HOOK + token

    def __enter__(self) -> Self:
        """Return the running inbox."""
        self._server.start()
        return self

    def __exit__(self, *_why: object) -> None:
        """End it."""
        self._server.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one message, or refuse it."""
        message = await Request(scope, receive).json()
        with self._lock:
            status = 500 if self.broken else 200
            if not self.broken:
                self.messages.append(message)
        await JSONResponse({}, status_code=status)(scope, receive, send)
