"""What is put into the process of one flow run: it counts boundaries, and kills at one of them.

A boundary is a moment between two things the process does outwards: a ledger entry, a call of a
step's function, a program, a request, a rename, a file it writes. Everything is wrapped at class or
registry level in this process alone. Threads of Prefect's own (logs, heartbeats) are not counted.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import psycopg
from urllib3.connectionpool import HTTPConnectionPool

from adapters import platform
from adapters.ledger import SqlJournal
from engine.step import AnyStep
from tests.crash.boundary import Boundary, normal

PROGRAMS = frozenset({"git", "sops"})
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
QUIET = ("/logs", "/csrf-token", "/events", "/admin")
"""Paths of Prefect's API that its threads ask on their own time."""


@dataclass(frozen=True)
class Kill:
    """When to end: at one boundary, or at a number of them counted from the start."""

    boundary: Boundary | None = None
    number: int = 0
    how: Literal["kill", "stop"] = "kill"
    """`stop` holds the process as a machine that went to sleep would; SIGCONT wakes it."""


@dataclass
class Tripwire:
    """The counter in one process; `trace` gets one line a boundary."""

    trace: Path
    kill: Kill | None
    folder: str
    """What lies below it is the run's own, such as a checkout."""
    api: str
    """Host and port of the Prefect API, whose requests are told apart."""
    onlooker: str = ""
    """Socket at which to wait at every boundary until somebody has looked at the world."""
    passed: int = 0
    place: list[str] = field(default_factory=lambda: ["pick-up"])
    """Where the run is: the last entry it wrote, and then the functions it is in."""
    phases: Counter[str] = field(default_factory=Counter)
    seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    busy: bool = False

    def cross(self, kind: str, what: str, place: str = "") -> None:
        """Note one boundary, and end here if this is the one."""
        if self.busy or threading.current_thread() is not threading.main_thread():
            return
        self.busy = True
        try:
            self._note((kind, place or self.place[-1], normal(what)))
        finally:
            self.busy = False

    @contextmanager
    def within(self, place: str) -> Iterator[None]:
        """Count what happens inside as happening at `place`."""
        self.phases[place] += 1
        number = self.phases[place]
        self.place.append(place if number == 1 else f"{place} {number}")
        self.cross("step", "begins")
        try:
            yield
            self.cross("step", "ends")
        finally:
            self.place.pop()

    def _note(self, key: tuple[str, str, str]) -> None:
        self.passed += 1
        self.seen[key] += 1
        here = Boundary(*key, occurrence=self.seen[key])
        wanted = self.kill
        strikes = wanted is not None and (wanted.boundary == here or wanted.number == self.passed)
        _add_line(self.trace, here.line() + ("\tKILLED" if strikes else ""))
        if self.onlooker:
            _let_look(self.onlooker, here.line())
        if strikes and wanted is not None:
            number = signal.SIGKILL if wanted.how == "kill" else signal.SIGSTOP
            os.kill(os.getpid(), number)


def lay(wire: Tripwire) -> None:
    """Put the tripwire into this process."""
    _read_trace(wire)
    _wrap_ledger(wire)
    _wrap_steps(wire)
    _wrap_programs(wire)
    _wrap_requests(wire)
    _wrap_statements(wire)
    sys.addaudithook(_auditor(wire))


def _read_trace(wire: Tripwire) -> None:
    """Go on counting where earlier processes of this run stopped; phases are counted anew."""
    if wire.trace.exists():
        for line in wire.trace.read_text().splitlines():
            here = Boundary.parse(line.removesuffix("\tKILLED"))
            wire.seen[here.kind, here.place, here.what] = here.occurrence


def _add_line(path: Path, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode() + b"\n")
    finally:
        os.close(handle)


def _let_look(address: str, line: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(address)
        connection.send(line.encode())
        connection.recv(1)


def _wrap_ledger(wire: Tripwire) -> None:
    append = SqlJournal.append

    def counted(self: SqlJournal, draft: Any, **options: Any) -> Any:
        place = draft.step or "run"
        wire.cross("entry", f"before {draft.event.value}", place)
        entry = append(self, draft, **options)
        wire.place[0] = f"{place}, {draft.event.value}"
        wire.cross("entry", f"after {draft.event.value}", place)
        return entry

    SqlJournal.append = counted  # type: ignore[method-assign] # in this process alone


def _wrap_steps(wire: Tripwire) -> None:
    registry = vars(platform)["registry"]

    def counted(settings: Any) -> Any:
        return {name: _counted_step(wire, step) for name, step in registry(settings).items()}

    vars(platform)["registry"] = counted


def _counted_step(wire: Tripwire, step: AnyStep) -> AnyStep:
    def wrap(function: Callable[..., Any], phase: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with wire.within(f"{arguments[-1].step}.{phase}"):
                return function(*arguments)

        return call

    probe = wrap(step.probe, "probe") if callable(step.probe) else step.probe
    undo = wrap(step.undo, "undo") if callable(step.undo) else step.undo
    preflight = step.preflight and replace(step.preflight, look=_look(wire, step))
    return replace(step, probe=probe, run=wrap(step.run, "run"), undo=undo, preflight=preflight)


def _look(wire: Tripwire, step: AnyStep) -> Callable[[Any], str]:
    def look(params: Any) -> str:
        assert step.preflight is not None
        with wire.within(f"preflight of {step.name}"):
            return step.preflight.look(params)

    return look


def _wrap_programs(wire: Tripwire) -> None:
    begin, communicate = subprocess.Popen.__init__, subprocess.Popen.communicate

    def counted_begin(self: Any, arguments: Any, *more: Any, **options: Any) -> None:
        name = _program(arguments)
        if name:
            wire.cross("program", f"before {name}")
        begin(self, arguments, *more, **options)
        if name:
            wire.cross("program", f"during {name}")

    def counted_end(self: Any, *more: Any, **options: Any) -> Any:
        ended = communicate(self, *more, **options)
        name = _program(self.args)
        if name:
            wire.cross("program", f"after {name}")
        return ended

    subprocess.Popen.__init__ = counted_begin  # type: ignore[assignment] # in this process alone
    subprocess.Popen.communicate = counted_end  # type: ignore[method-assign] # as above


def _program(arguments: Any) -> str:
    """Return program and subcommand, e.g. `git push`; empty for what is not a step's."""
    words = [os.fsdecode(each) for each in arguments] if isinstance(arguments, list) else []
    if not words or Path(words[0]).name not in PROGRAMS:
        return ""
    rest = iter(words[1:])
    for word in rest:
        if word in {"-c", "-C", "--git-dir"}:
            next(rest, None)
        elif not word.startswith("-"):
            return f"{Path(words[0]).name} {word}"
    return f"{Path(words[0]).name} {words[-1]}"


def _wrap_requests(wire: Tripwire) -> None:
    send, urlopen = httpx.Client.send, HTTPConnectionPool.urlopen

    def counted_send(self: Any, request: httpx.Request, **options: Any) -> Any:
        kind, what = _request(wire, str(request.url), request.method)
        if not kind:
            return send(self, request, **options)
        wire.cross(kind, f"before {what}")
        answer = send(self, request, **options)
        wire.cross(kind, f"after {what}")
        return answer

    def counted_urlopen(self: Any, method: str, url: str, *more: Any, **options: Any) -> Any:
        what = f"{method} {urlsplit(url).path}"
        wire.cross("request", f"before {what}")
        answer = urlopen(self, method, url, *more, **options)
        wire.cross("request", f"after {what}")
        return answer

    httpx.Client.send = counted_send  # type: ignore[method-assign] # in this process alone
    HTTPConnectionPool.urlopen = counted_urlopen  # type: ignore[method-assign] # as above


def _wrap_statements(wire: Tripwire) -> None:
    execute = psycopg.Connection.execute

    def counted(self: Any, query: Any, *more: Any, **options: Any) -> Any:
        # two words: the rest of a statement may hold what makes a password
        words = " ".join(query.as_string(self).split()[:2])
        wire.cross("database", f"before {words}")
        answer = execute(self, query, *more, **options)
        wire.cross("database", f"after {words}")
        return answer

    psycopg.Connection.execute = counted  # type: ignore[method-assign] # in this process alone


def _request(wire: Tripwire, url: str, method: str) -> tuple[str, str]:
    parts = urlsplit(url)
    if parts.netloc != wire.api:
        return "request", f"{method} {parts.path}"
    path = re.sub(r"^/api", "", parts.path)
    return ("", "") if path.startswith(QUIET) else ("prefect", f"{method} {path}")


def _auditor(wire: Tripwire) -> Callable[[str, tuple[Any, ...]], None]:
    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and str(arguments[1]).startswith(wire.folder):
            wire.cross("file", f"rename to {Path(str(arguments[1])).name}")
        elif event == "open" and str(arguments[0]).startswith(wire.folder):
            mode, flags = arguments[1], arguments[2]
            if (flags or 0) & WRITING or (isinstance(mode, str) and set(mode) & set("wax+")):
                wire.cross("file", f"write {Path(str(arguments[0])).name}")

    return hear
