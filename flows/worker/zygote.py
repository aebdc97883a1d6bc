"""A process with everything imported, and one thread, that forks whenever a launcher asks.

Its standard input is a socket to the worker: it says there that it is ready, and an end of it is
the end of the worker, with which every run ends. A child of it that dies by a signal takes its own
children along.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flows.worker.child import Request, become, parse
from flows.worker.settings import PRELOADED, READY, UNFIT
from flows.worker.warmth import share_memory, warm_up

REQUEST_SECONDS = 5.0
"""A launcher sends its request in one go."""


@dataclass
class Zygote:
    """The open connections of one zygote."""

    listener: socket.socket
    worker: socket.socket
    wake: socket.socket
    """Readable when a child has ended."""
    runs: dict[int, socket.socket] = field(default_factory=dict)
    """The launcher of each living child, by process id."""

    def serve(self) -> Request | None:
        """Fork for each launcher; return its request in a child, and None when the worker ended."""
        while True:
            watched = [self.listener, self.worker, self.wake, *self.runs.values()]
            poll = select.poll()
            for connection in watched:
                poll.register(connection, select.POLLIN)
            ready = {number for number, _ in poll.poll()}
            if self.worker.fileno() in ready:
                self._end_all()
                return None
            if self.wake.fileno() in ready:
                self.wake.recv(4096)
                self._reap()
            for process, connection in list(self.runs.items()):
                if connection.fileno() in ready:
                    self._hear(process, connection)
            if self.listener.fileno() in ready:
                request = self._fork()
                if request is not None:
                    return request

    def _fork(self) -> Request | None:
        """Return the request in the child, None in the zygote."""
        connection, _ = self.listener.accept()
        connection.settimeout(REQUEST_SECONDS)
        try:
            request = parse(_exactly(connection, int.from_bytes(_exactly(connection, 8), "big")))
        except OSError:
            connection.close()
            return None
        process = os.fork()
        if process == 0:
            for held in (connection, self.listener, self.worker, self.wake, *self.runs.values()):
                held.close()
            return request
        with suppress(OSError):  # it may have done so itself, or be gone
            os.setpgid(process, process)
        connection.setblocking(False)
        self.runs[process] = connection
        with suppress(OSError):
            connection.send(b"+")
        return None

    def _hear(self, process: int, connection: socket.socket) -> None:
        try:
            said = connection.recv(64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if said:
            os.kill(process, signal.SIGTERM)  # not reaped yet, so the number is still its own
            return
        _kill_group(process)
        self.runs.pop(process).close()

    def _reap(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            if ended.si_code != os.CLD_EXITED:
                _kill_group(ended.si_pid)  # the group keeps the number until it is reaped
            code = os.waitstatus_to_exitcode(os.waitpid(ended.si_pid, 0)[1])
            connection = self.runs.pop(ended.si_pid, None)
            if connection is not None:
                with suppress(OSError):
                    connection.send(code.to_bytes(4, "big", signed=True))
                connection.close()

    def _end_all(self) -> None:
        for process in self.runs:
            _kill_group(process)


def main() -> None:
    """Serve as the zygote at the socket named by the first argument."""
    # signals to a whole group are meant for the worker, which says when a run is to end
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    worker = socket.socket(fileno=0)
    warm_up(PRELOADED)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        threads = ", ".join(thread.name for thread in threading.enumerate())
        sys.stderr.write(f"no run can be forked: an import started threads ({threads})\n")
        sys.exit(UNFIT)
    share_memory()
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    listener = _listen(sys.argv[1])
    worker.send(READY)
    request = Zygote(listener, worker, wake).serve()
    if request is not None:
        signal.set_wakeup_fd(-1)
        woken.close()
        become(request)


def _listen(path: str) -> socket.socket:
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(128)
    return listener


def _exactly(connection: socket.socket, count: int) -> bytes:
    held = bytearray()
    while len(held) < count:
        more = connection.recv(count - len(held))
        if not more:
            raise ConnectionError
        held += more
    return bytes(held)


def _kill_group(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
