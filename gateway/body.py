"""Bodies of requests: read whole before they are judged, and given on from memory."""

from __future__ import annotations

from starlette.types import Message, Receive

LONGEST = 6 * 1024 * 1024
"""Bytes; Prefect's own clients send less at once."""
LONGEST_FORM = 8 * 1024
"""Bytes of a form of the gateway's own pages, which nobody has to sign in for."""


class TooLong(Exception):
    """A body longer than anything that is sent here."""


async def read_body(receive: Receive, longest: int = LONGEST) -> bytes:
    """Return the whole body; raise `TooLong` as soon as it has more than `longest` bytes."""
    parts: list[bytes] = []
    length, is_more = 0, True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > longest:
            raise TooLong
        is_more = message.get("more_body", False)
    return b"".join(parts)


def reading(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives this body, and then waits until the client has left.

    An answer that is streamed listens for that beside its work, and stops when it is told so.
    """
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        if waiting:
            return waiting.pop()
        while (message := await receive())["type"] == "http.request":
            pass  # of a body that nobody reads
        return message

    return receiving
