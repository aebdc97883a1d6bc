"""Programs that run beside the demo: started with a clean environment, ended with their children."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from engine.errors import Refused

PASSED_ON = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "LOGNAME")
"""Variables a program of the demo gets from its surroundings; the rest is set here."""
GRACE = 20.0
"""Seconds a program has to end by itself."""
PORTS = (20_000, 30_000)
TRIES = 50


@dataclass(frozen=True)
class Program:
    """A running program; `log` holds all that it said."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def is_running(self) -> bool:
        """Tell whether it has not ended."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and end it with everything it started if it does not."""
        _signal_group(self.process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        _signal_group(self.process, signal.SIGKILL)
        self.process.wait()


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return a small environment whose PATH starts with this interpreter's programs."""
    here = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "PATH": f"{here}{os.pathsep}{path}", "PYTHONUNBUFFERED": "1", **extra}


def start(
    name: str, arguments: Sequence[str], log: Path, extra: Mapping[str, str], folder: Path
) -> Program:
    """Start `python -m <arguments>` in a process group of its own."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(extra),
            cwd=folder,
            start_new_session=True,
        )
    return Program(name, process, log)


def run(arguments: Sequence[str], log: Path, extra: Mapping[str, str], folder: Path) -> None:
    """Run `python -m <arguments>` to its end; raise `Refused` with the end of its log if it fails."""
    program = start(arguments[0], arguments, log, extra, folder)
    if program.process.wait() != 0:
        raise Refused(f"`{' '.join(arguments)}` failed:\n{tail(log)}")


def wait_for_url(url: str, program: Program, seconds: float) -> None:
    """Return once `url` answers 200; raise `Refused` if the program ends or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and program.is_running():
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise Refused(f"{program.name} did not come up:\n{tail(program.log)}")


def wait_for_line(text: str, program: Program, seconds: float) -> None:
    """Return once the program's log holds `text`; raise `Refused` as `wait_for_url` does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and program.is_running():
        if text in program.log.read_text(errors="replace"):
            return
        time.sleep(0.1)
    raise Refused(f"{program.name} did not come up:\n{tail(program.log)}")


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port(preferred: int = 0) -> int:
    """Return `preferred` if nothing listens there on loopback, else any free port.

    From below the range in which systems hand out ports by themselves, so that nobody is given it
    between this look and its use.
    """
    for port in (preferred or _drawn(), *(_drawn() for _ in range(TRIES))):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Refused("no port is free on loopback")


def _drawn() -> int:
    return random.randrange(*PORTS)  # noqa: S311 - no secret


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
