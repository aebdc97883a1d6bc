"""Ending at once, with every run, and starting again as a new program under the same process id."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn


@dataclass(frozen=True)
class Birth:
    """What this program was started with; taken before it changes any of it."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = field(default_factory=Path.cwd)

    def again(self, *leftovers: Path) -> NoReturn:
        """Kill every run, remove these folders and become the program that was started.

        Nothing is told to Prefect on the way: the runs may be another worker's by now. They are
        killed even while they are stopped, and before this program can look for runs again.
        """
        _end_children()
        for path in leftovers:
            shutil.rmtree(path, ignore_errors=True)
        os.chdir(self.folder)
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], dict(self.environ))  # noqa: S606 # no shell


def _end_children() -> None:
    """Kill the zygote, with which its forks die, and every launcher, and wait until they are gone."""
    for process in children():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children() -> frozenset[int]:
    """Return the processes that this one has started and that are not reaped."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            told = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(told[1]) == os.getpid():
                found.add(int(stat.parent.name))
    return frozenset(found)
