"""HTTP/1.1 as uvicorn takes it apart, with a bound to what somebody may send before they are judged.

httptools bounds neither the number nor the size of headers, and keeps one that has not ended yet in
its own memory. So what is counted here is both: what it has told of a request, and what it was fed
without telling anything.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

LONGEST_HEAD = 64 * 1024
"""Bytes of address, headers and trailers; cookies and tokens have room many times over."""
MOST_HEADERS = 200
SECONDS = 60
"""How long somebody may take from the first byte of a request, or from connecting, to its last."""


class Bounded(HttpToolsProtocol):
    """A connection that ends where a head is too long, or a request takes too long to arrive."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Take what uvicorn gives its protocols."""
        super().__init__(*given, **named)
        self._told = 0
        """Bytes of the head that httptools has told of."""
        self._untold = 0
        """Bytes that it was fed since it last told anything."""
        self._is_too_long = False
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in a piece; answer 431 and close the connection if a head is too long with it."""
        self._untold += len(data)
        super().data_received(data)
        if self._untold > LONGEST_HEAD and not self.transport.is_closing():
            self._refuse(431, "The headers are too long.")

    def on_message_begin(self) -> None:
        """Count anew."""
        self._told = self._untold = 0
        super().on_message_begin()
        self._wait()

    def on_url(self, url: bytes) -> None:
        """Take in a piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header, or a trailer after the body."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._untold = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body; how long it may be depends on who sends it."""
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the whole request is there."""
        self._untold = 0
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the protocol of websockets, which has bounds of its own."""
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or one whose head is too long."""
        if self._is_too_long:
            self._refuse(431, "The headers are too long.")
        else:
            super().send_400_response(msg)

    def _count(self, length: int) -> None:
        self._told += length
        self._untold = 0
        if self._told > LONGEST_HEAD or len(self.headers) >= MOST_HEADERS:
            self._is_too_long = True
            raise _TooLong

    def _wait(self) -> None:
        self._stop_waiting()
        self._end = self.loop.call_later(SECONDS, self._refuse, 408, "The request took too long.")

    def _stop_waiting(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _refuse(self, status: int, why: str) -> None:
        """Say why, unless the answer to this request or an earlier one is due, and hang up."""
        if self.transport.is_closing():
            return
        before: RequestResponseCycle | None = self.cycle  # uvicorn has None there at first
        is_answered = before is None or before.response_complete
        is_this_one = before is not None and before.more_body and not before.response_started
        if not self.pipeline and (is_answered or is_this_one):
            self.transport.write(_answer(status, why))
        self.transport.close()


class _TooLong(Exception):
    """Ends the reading of a request; httptools tells it on as an error of its own."""


def _answer(status: int, why: str) -> bytes:
    head = (
        f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(why)}\r\n"
        "connection: close\r\n\r\n"
    )
    return STATUS_LINE[status] + f"{head}{why}".encode("ascii")
