"""What a fork of the zygote does to become the process of one flow run."""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal a process gets when its parent dies."""
SHAPING = ("PREFECT_", "PYTHON", "LD_")
"""Beginnings of the variables that are read when an interpreter or a module starts."""
_LIBC = ctypes.CDLL(None)
_ZYGOTE = os.getpid()
_BORN_WITH = dict(os.environ)


@dataclass(frozen=True)
class Request:
    """What the launcher was started with."""

    folder: bytes
    variables: Mapping[bytes, bytes]


def parse(raw: bytes) -> Request:
    """Return the request that a launcher sent."""
    folder, *lines = raw.split(b"\0")
    pairs = (line.partition(b"=") for line in lines)
    return Request(folder, {name: value for name, _, value in pairs})


def become(request: Request) -> None:
    """Run the engine as `python -m prefect.engine` would in this folder with these variables.

    Ends in `SystemExit`, or by returning; either way the interpreter ends as usual, with all that
    is registered for its end. A run with settings of its own gets an interpreter of its own, too.
    """
    _belong_to_the_zygote()
    _take_place(request)
    if _shaping(os.environ) != _shaping(_BORN_WITH):
        os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606 # no shell
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that the engine is imported already
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


def _belong_to_the_zygote() -> None:
    """Have a group of its own, and die with the zygote, whatever it dies of."""
    os.setpgid(0, 0)
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _ZYGOTE:
        os._exit(1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _take_place(request: Request) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    if nothing != 0:
        os.dup2(nothing, 0)
        os.close(nothing)
    os.environb.clear()
    os.environb.update(request.variables)
    os.chdir(request.folder)
    sys.argv = ["prefect.engine"]


def _shaping(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a zygote cannot change any more; `PREFECT__` variables tell of a run."""
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(SHAPING) and not name.startswith("PREFECT__")
    }
