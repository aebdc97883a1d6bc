"""A process with everything imported and one thread, which forks the process of a flow run.

Reads one JSON line a request on standard input and answers with a process id. What it forks runs
`prefect.engine` as `__main__`, as a worker's command does, after the tripwire was laid.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from flows.worker.settings import PRELOADED
from flows.worker.warmth import share_memory, warm_up
from tests.crash.boundary import Boundary
from tests.crash.clock import step_clock
from tests.crash.disk import end_with_parent, protect
from tests.crash.tripwire import Kill, Tripwire, lay


def main() -> None:
    """Fork until standard input ends; children outlive nothing but their own run."""
    warm_up(PRELOADED)
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "an import started a thread, and a fork would lose it"
    share_memory()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for exit codes
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _say("ready")
    requests = open(0, "rb", buffering=0)  # noqa: SIM115 - unbuffered: a fork must not copy a rest
    while line := requests.readline():
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
            return
        _say(str(child))


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _become(request: dict[str, Any]) -> None:
    os.setsid()
    end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # asked for before the fork, perhaps
    if request["protect"]:
        protect(request["protect"])
    if request["clock"]:
        step_clock(request["clock"])
    lay(_wire(request))
    sys.argv = ["prefect.engine"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that the engine is imported already
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


def _wire(request: dict[str, Any]) -> Tripwire:
    wanted = request["kill"]
    kill = None
    if wanted is not None:
        at = wanted["boundary"]
        kill = Kill(Boundary(**at) if at else None, wanted["number"], wanted["how"])
    folder = request["environment"]["TMPDIR"]
    return Tripwire(
        Path(request["trace"]), kill, folder, api=request["api"], onlooker=request["onlooker"]
    )


if __name__ == "__main__":
    main()
