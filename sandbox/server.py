"""One double listening on a free loopback port, in a thread of this interpreter."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from sandbox.wire import WireProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_START_SECONDS = 20


class Server:
    """A running server; `stop` ends its thread and frees the port."""

    def __init__(self, name: str, app: ASGIApp) -> None:
        self._socket = _listener()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            http=WireProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = Announcing(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=f"sandbox-{name}", daemon=True
        )

    def start(self) -> None:
        """Serve in the background; return once connections are taken."""
        self._thread.start()
        if not self._server.up.wait(_START_SECONDS):
            message = f"{self._thread.name} did not come up within {_START_SECONDS} s"
            raise RuntimeError(message)

    def ask_to_stop(self) -> None:
        """Ask the server to end, without waiting for it."""
        self._server.should_exit = True

    def stop(self) -> None:
        """End the server and wait for its thread."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()


def _listener() -> socket.socket:
    """Return a socket on a free port that names its protocol.

    asyncio switches Nagle's algorithm off on TCP sockets alone, and takes one for TCP by `proto`
    (`base_events._set_nodelay`); an answer in two writes would wait 40 ms for an acknowledgement.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener


class Announcing(uvicorn.Server):
    """A server that says when it listens, by the event `up`."""

    def __init__(self, config: uvicorn.Config) -> None:
        """Take what uvicorn is told."""
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.up.set()
