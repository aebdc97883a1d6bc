"""A server on loopback that answers every request, for steps whose work is one request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Answering(BaseHTTPRequestHandler):
    """Answers every request with 200, once it may."""

    may: threading.Event

    def do_GET(self) -> None:
        """Answer."""
        self.may.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@contextmanager
def answering(may: threading.Event | None = None) -> Iterator[str]:
    """Yield the address of a server that answers every request, as long as `may` is set."""
    if may is None:
        may = threading.Event()
        may.set()
    handler = type("Handler", (Answering,), {"may": may})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        may.set()
        server.shutdown()
        server.server_close()
        thread.join()
