"""What Prefect starts for a run: asks the zygote for a process and lives as long as that does.

Started as `python -I -S launcher.py <socket>`, so it imports little and takes 20 ms. What it sends:
eight bytes of length, then the working directory and the variables, parted by zero bytes; later one
byte for each request to end. What comes back: one byte when the process is there, and its exit code
in four bytes when it is gone. The zygote takes an end of the connection as the end of the launcher
and kills the process, so that killing the launcher kills the run.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

PATIENCE = 15.0
"""Seconds until a zygote that takes the request and does not answer is given up."""
PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal a process gets when its parent dies."""
LOST = 255
"""Exit code when the zygote went away in the middle."""


def main() -> None:
    """Run the flow run of the environment, warm if possible; end as its process ended."""
    connection = _ask(sys.argv[1])
    if connection is None:
        _die_with_the_worker()
        os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606 # no shell
    _end(int.from_bytes(_read(connection, 4) or LOST.to_bytes(4, "big"), "big", signed=True))


def _ask(path: str) -> socket.socket | None:
    """Return the connection to the zygote once the process is there; None where none comes."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    variables = [name + b"=" + value for name, value in os.environb.items()]
    request = b"\0".join([os.fsencode(os.getcwd()), *variables])  # noqa: PTH109 # pathlib is slow
    try:
        connection.connect(path)
        connection.sendall(len(request).to_bytes(8, "big") + request)
        signal.signal(signal.SIGTERM, lambda *_: _tell_to_end(connection))
        answered = connection.recv(1)
    except OSError:
        answered = b""
    if not answered:
        connection.close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return None
    # the worker alone says when to end; a Ctrl-C at its terminal is meant for the worker
    os.setpgid(0, 0)
    connection.settimeout(None)
    return connection


def _die_with_the_worker() -> None:
    """Be killed when the worker is, as a warm run is, so that nobody has to look for it."""
    import ctypes  # noqa: PLC0415 # takes 10 ms, and a warm start does without

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _tell_to_end(connection: socket.socket) -> None:
    try:
        connection.send(b"T")
    except OSError:
        sys.exit(128 + signal.SIGTERM)


def _read(connection: socket.socket, count: int) -> bytes:
    held = b""
    while len(held) < count:
        try:
            more = connection.recv(count - len(held))
        except OSError:
            return b""
        if not more:
            return b""
        held += more
    return held


def _end(code: int) -> None:
    """Exit with `code`, or by the signal it stands for, as the process did."""
    if code >= 0:
        sys.exit(code)
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)


if __name__ == "__main__":
    main()
