"""What somebody may send before they are judged is bounded, over a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway import wire
from gateway.body import read_body
from sandbox.server import Announcing
from tests.gateway.town import Town

WAIT = 60.0
LINE = b"GET /gateway/me HTTP/1.1\r\nhost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
LONG = b"v" * (wire.LONGEST_HEAD + 1)


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the number of headers and the length of the body."""
    body = await read_body(receive)
    told = f"{len(scope['headers'])} {len(body)}".encode()
    length = (b"content-length", str(len(told)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """A server that reads as the gateway does."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        counting, http=wire.Bounded, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = Announcing(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert server.up.wait(WAIT)
    yield listener.getsockname()
    server.should_exit = True
    thread.join()
    listener.close()


def said(address: tuple[str, int], *pieces: bytes) -> bytes:
    """Send these pieces, and return all that comes back until the other side hangs up."""
    heard = b""
    with closing(socket.create_connection(address, WAIT)) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
            while part := line.recv(65536):
                heard += part
        except ConnectionError:  # what was still on its way when it hung up
            pass
    return heard


def headers(count: int) -> bytes:
    return b"".join(b"x-%d: 1\r\n" % number for number in range(count))


def test_what_fits_is_answered_and_the_connection_goes_on(address: tuple[str, int]) -> None:
    most = headers(wire.MOST_HEADERS - 2)  # besides `host` and `connection`
    body = b"b" * (3 * wire.LONGEST_HEAD)
    sized = b"content-length: %d\r\n\r\n" % len(body)

    heard = said(
        address,
        LINE + b"x: " + LONG[:-1000] + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\n" + sized + body,
        CHUNKED + b"3\r\nabc\r\n0\r\nt: 1\r\n\r\n",
        LINE + most + b"connection: close\r\n\r\n",
    )

    told = [part.partition(b"\r\n\r\n")[2] for part in heard.split(b"HTTP/1.1 200 OK")[1:]]
    assert told == [b"2 0", b"2 %d" % len(body), b"3 3", b"%d 0" % wire.MOST_HEADERS]


@pytest.mark.parametrize(
    "pieces",
    [
        [LINE, headers(wire.MOST_HEADERS), b"\r\n"],
        [LINE, b"x: " + LONG, b"\r\n\r\n"],
        [LINE, b"x: ", *[LONG] * 8],
        [LINE, *[LONG] * 8],
        [LINE, *[b"x: " + LONG[:9000] + b"\r\n"] * 9],
        [b"GET /", *[LONG] * 8],
        [*[b"\r\n" * len(LONG)] * 8],
        [CHUNKED, b"3\r\nabc\r\n0\r\n", headers(wire.MOST_HEADERS)],
        [CHUNKED, b"3\r\nabc\r\n0\r\nx: ", *[LONG] * 8],
        [CHUNKED, b"3;x=", *[LONG] * 8],
    ],
    ids=[
        "many",
        "long",
        "endless value",
        "endless name",
        "long together",
        "endless address",
        "endless nothing",
        "many trailers",
        "endless trailer",
        "endless extension",
    ],
)
def test_a_head_that_is_too_long_is_refused(address: tuple[str, int], pieces: list[bytes]) -> None:
    heard = said(address, *pieces)

    assert heard == b"" or heard.startswith(b"HTTP/1.1 431 ")
    assert b"HTTP/1.1 200" not in heard


@pytest.mark.parametrize(
    ("piece", "status"),
    [
        (b"", b"408"),
        (LINE, b"408"),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf", b"408"),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_sends_too_slowly_is_hung_up_on(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, piece: bytes, status: bytes
) -> None:
    monkeypatch.setattr(wire, "SECONDS", 0.2)

    assert said(address, piece).startswith(b"HTTP/1.1 " + status)


@pytest.mark.xdist_group("gated")
def test_the_gateway_is_served_with_these_bounds(town: Town) -> None:
    at = urlsplit(town.stage.url)
    assert at.hostname is not None
    assert at.port is not None

    heard = said((at.hostname, at.port), LINE, headers(wire.MOST_HEADERS), b"\r\n")

    assert heard.startswith(b"HTTP/1.1 431 ")
