"""Bodies of requests: read whole before they are judged, and given on from memory."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope

LONGEST = 6 * 1024 * 1024
"""Bytes; Prefect's own clients send less at once."""


class TooLong(Exception):
    """A body longer than anything that Prefect's clients send."""


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Return the whole body; raise `TooLong`."""
    parts: list[bytes] = []
    length, is_more = 0, True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > LONGEST:
            raise TooLong
        is_more = message.get("more_body", False)
    return b"".join(parts)


def reading(body: bytes) -> Receive:
    """Return a `receive` that gives this body."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    return receive
