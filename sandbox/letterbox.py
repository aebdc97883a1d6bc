"""A webhook that keeps what it is sent: the receiving end of every notice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Letterbox:
    """What arrived, the oldest first, and how it answers."""

    port: int = 0
    letters: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    @property
    def host(self) -> str:
        """Host and port, for a URL."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def open_letterbox() -> Iterator[Letterbox]:
    """Yield a letterbox on a free port of loopback."""
    box = Letterbox()

    class Slot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            box.letters.append(json.loads(self.rfile.read(length)))
            self.send_response(box.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slot)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
