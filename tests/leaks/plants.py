"""One leak made on purpose in each sink of a running theatre."""

# ruff: noqa: S603, S607 - fixed programs, looked up as everywhere, arguments made here

from __future__ import annotations

import os
import subprocess
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from engine.errors import Refused
from engine.ledger import Draft, Event
from tests.flows.voyages import until
from tests.leaks.theatre import Theatre

HOOKED = "PYTHONPATH", "LEAK_TRACE", "LEAK_WATCHED", "TMPDIR", "PATH"


@dataclass(frozen=True)
class Plant:
    """How to leak into one sink, and where a search must find it at least."""

    sink: str
    form: str
    """How it is written there; a form of `planting`, another one in every sink."""
    leak: Callable[[Theatre, bytes], None]
    found_in: tuple[str, ...]


def _flow_run(theatre: Theatre, **more: Any) -> str:
    flow = theatre.api.post("/flows/", {"name": "planted"})["id"]
    return str(theatre.api.post("/flow_runs/", {"flow_id": flow, **more})["id"])


def _parameters(theatre: Theatre, leak: bytes) -> None:
    _flow_run(theatre, parameters={"reason": leak.decode()})


def _state(theatre: Theatre, leak: bytes) -> None:
    state = {"type": "FAILED", "message": leak.decode()}
    run = _flow_run(theatre)
    theatre.api.post(f"/flow_runs/{run}/set_state", {"state": state, "force": True})


def _artifact(theatre: Theatre, leak: bytes) -> None:
    data = {"key": "planted", "type": "markdown", "data": leak.decode()}
    theatre.api.post("/artifacts/", data)


def _event(theatre: Theatre, leak: bytes) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "planted",
        "resource": {"prefect.resource.id": "planted"},
        "payload": {"said": leak.decode()},
    }
    theatre.api.post("/events", [event])
    wanted = {"filter": {"event": {"name": ["planted"]}}}
    until(
        lambda: theatre.api.post("/events/filter", wanted)["events"] or None, "the event to be kept"
    )


def _input(theatre: Theatre, leak: bytes) -> None:
    data = {"key": "planted", "value": leak.decode()}
    theatre.api.post(f"/flow_runs/{_flow_run(theatre)}/input", data)


def _log(theatre: Theatre, leak: bytes) -> None:
    """Write it until a copy of the write-ahead log has it: the server may begin that anew."""
    line = {"name": "planted", "level": 10, "message": leak.decode()}
    kept = theatre.trace / "databases" / "with-a-leak-in-the-log" / "prefect.db-wal"

    def look() -> bool | None:
        theatre.api.post("/logs/", [{**line, "timestamp": datetime.now(UTC).isoformat()}])
        theatre.keep_databases("with a leak in the log")
        return True if leak in kept.read_bytes() else None

    until(look, "the write-ahead log to hold what was planted")


def _ledger(theatre: Theatre, leak: bytes) -> None:
    details = {"why": leak.decode()}
    draft = Draft(run="planted", event=Event.GATE_REFUSED, details=details)
    with theatre.stage.platform().journal as journal:
        journal.append(draft)
        theatre.keep_databases("with a leak in the ledger")  # its log goes with the last reader


def _home(theatre: Theatre, leak: bytes) -> None:
    folder = theatre.folder / "stage" / "prefect" / "storage"
    folder.mkdir(exist_ok=True)
    (folder / "planted").write_bytes(leak)


def _line_of_log(theatre: Theatre, leak: bytes) -> None:
    with (theatre.folder / "stage" / "logs" / "worker.log").open("ab") as log:
        log.write(b"12:00:00.000 | DEBUG   | planted - " + leak + b"\n")


def _argv(theatre: Theatre, leak: bytes) -> None:
    with _shell(theatre, "read line", leak):
        _until_sampled(theatre, "cmdline", leak)


def _environ(theatre: Theatre, leak: bytes) -> None:
    with _shell(theatre, "read line", b"", PLANTED=leak.decode()):
        _until_sampled(theatre, "environ", leak)


def _start(theatre: Theatre, leak: bytes) -> None:
    code = "import subprocess, sys; subprocess.run(['true', sys.stdin.read()], check=True)"
    _python(theatre, code, leak)


def _deleted_file(theatre: Theatre, leak: bytes) -> None:
    code = (
        "import sys, tempfile, pathlib\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    pathlib.Path(folder, 'planted').write_bytes(sys.stdin.buffer.read())\n"
    )
    _python(theatre, code, leak)


def _foreign_file(theatre: Theatre, leak: bytes) -> None:
    path = theatre.temp / "foreign"
    path.write_bytes(leak)
    with _shell(theatre, 'read line; rm "$TMPDIR/foreign"', b""):
        _until_sampled(theatre, "temp", leak)


def _file_left(theatre: Theatre, leak: bytes) -> None:
    (theatre.temp / "left").write_bytes(leak)


def _core(theatre: Theatre, leak: bytes) -> None:
    """Let a program abort as it is; where its image goes elsewhere on this machine, write one."""
    code = "import os, sys; held = sys.stdin.buffer.read(); os.abort()"
    _python(theatre, code, leak, check=False)
    if not list(theatre.temp.glob("core*")):
        (theatre.temp / "core").write_bytes(os.urandom(5000) + leak)


def _object(theatre: Theatre, leak: bytes) -> None:
    remote = str(theatre.world.layout.remote)
    command = ["git", "-C", remote, "hash-object", "-w", "--stdin"]
    subprocess.run(command, input=leak, capture_output=True, check=True)


def _request(theatre: Theatre, leak: bytes) -> None:
    httpx.get(f"{theatre.world.urls['app']}/planted/{leak.decode()}")


def _error(theatre: Theatre, leak: bytes) -> None:
    said = traceback.format_exception(Refused(f"the value is {leak.decode()}"))
    theatre.texts["planted error"] = "".join(said)


PLANTS: tuple[Plant, ...] = (
    Plant("flow-run parameters", "base64 at 1", _parameters, ("table flow_run", "API, flow_runs")),
    Plant("states", "hex", _state, ("table flow_run_state", "API, states")),
    Plant("artifacts", "base64 wrapped at 76", _artifact, ("table artifact", "API, artifacts")),
    Plant("events", "base64url at 2", _event, ("table events", "API, events")),
    Plant("run inputs", "json", _input, ("table flow_run_input", "API, inputs")),
    Plant("logs in Prefect", "repr", _log, ("table log", "API, logs", "prefect.db-wal")),
    Plant("ledger", "quote", _ledger, ("table entries", "runbook audit", "ledger.db-wal")),
    Plant("PREFECT_HOME", "gzip in zlib", _home, ("prefect/storage",)),
    Plant("output of programs", "utf-16-le", _line_of_log, ("logs/worker.log",)),
    Plant("argv", "yaml, double quotes", _argv, ("samples/cmdline",)),
    Plant("environ", "base64 wrapped at 64", _environ, ("samples/environ",)),
    Plant("starts of programs", "json in json", _start, ("trace/starts",)),
    Plant("deleted files", "zlib", _deleted_file, ("graveyard",)),
    Plant("files of programs", "base64 in gzip", _foreign_file, ("samples/temp",)),
    Plant("files left", "gzip, cut off", _file_left, ("tmp/left",)),
    Plant("core files", "reversed", _core, ("tmp/core",)),
    Plant("git objects", "utf-16-be", _object, ("objects of the remote",)),
    Plant("access log", "base64url at 0", _request, ("access.log",)),
    Plant("errors", "raw", _error, ("planted error",)),
)


@contextmanager
def _shell(theatre: Theatre, script: str, argument: bytes, **more: str) -> Iterator[None]:
    """Have a program other than Python that waits to be seen."""
    with subprocess.Popen(
        ["sh", "-c", script, "planted", os.fsdecode(argument)],
        stdin=subprocess.PIPE,
        env={**_hooked(theatre), **more},
    ) as program:
        yield
        program.communicate(b"\n")


def _python(theatre: Theatre, code: str, leak: bytes, *, check: bool = True) -> None:
    command = [sys.executable, "-c", code]
    surroundings = _hooked(theatre)
    subprocess.run(command, input=leak, env=surroundings, cwd=theatre.temp, check=check)


def _hooked(theatre: Theatre) -> dict[str, str]:
    known = {"PATH": os.environ["PATH"], **theatre.stage.variables}
    return {name: known[name] for name in HOOKED}


def _until_sampled(theatre: Theatre, kind: str, leak: bytes) -> None:
    samples = theatre.trace / "samples"

    def look() -> Path | None:
        return next((p for p in samples.glob(f"{kind}-*") if leak in p.read_bytes()), None)

    until(look, f"the sampler to see what was planted in {kind}")
