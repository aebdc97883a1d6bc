"""Hosts that share no disk: each has a checkout, a home, settings and keys of its own."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapters.settings import VARIABLE
from demo.processes import Program, start
from demo.stage import POOL, ROOT, Stage
from tests.flows.voyages import until

ROOMS = ("adapters", "engine", "flows", "runbooks")
"""What a worker needs of the project."""


@dataclass(frozen=True)
class Host:
    """One host and its worker."""

    name: str
    folder: Path
    program: Program

    def processes(self) -> list[int]:
        """Return what runs on this host: the worker, its zygote, its runs."""
        wanted = f"PREFECT_HOME={self.folder}/home/prefect".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if wanted in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    def runs(self) -> list[int]:
        """Return the forks of the zygote, each of which executes a run."""
        here = self.processes()
        return [each for each in here if (parent := parent_of(each)) in here and _forks(parent)]

    def fall_asleep(self) -> list[int]:
        """Stop everything on this host, the worker first; return the processes."""
        asleep = self.processes()
        for process in sorted(asleep, key=lambda each: each != self.program.process.pid):
            os.kill(process, signal.SIGSTOP)
        return asleep

    def die(self) -> None:
        """Lose the worker in one moment, and with it the disk."""
        self.program.process.kill()
        self.program.process.wait()
        until(lambda: None if self.processes() else True, f"all of {self.name} to be gone")
        shutil.rmtree(self.folder)


def set_up(stage: Stage, name: str, folder: Path, *arguments: str) -> Host:
    """Install a host below `folder` and start its worker; the servers alone are the stage's."""
    checkout = folder / "checkout"
    for room in ROOMS:
        shutil.copytree(ROOT / room, checkout / room, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "home").mkdir()
    (folder / "keys").mkdir()
    told = yaml.safe_load(stage.settings_file.read_text())
    settings = {
        **_with_own_files(told, folder / "keys"),
        "runbooks": str(checkout / "runbooks"),
        "catalogue": str(checkout / "runbooks" / "secrets.yaml"),
        "people": str(checkout / "runbooks" / "people.yaml"),
    }
    (folder / "runbook.yaml").write_text(yaml.safe_dump(settings))
    variables = {
        **stage.variables,
        VARIABLE: str(folder / "runbook.yaml"),
        "HOME": str(folder / "home"),
        "PREFECT_HOME": str(folder / "home" / "prefect"),
        "PYTHONPATH": str(checkout),
    }
    command = ["flows.worker", "--pool", POOL, "--name", name, *arguments]
    log = folder.parent / f"{name}.log"
    return Host(name, folder, start(name, command, log, variables, checkout))


def has_ended(process: int) -> bool | None:
    """Tell whether a process is gone, or would be if its parent were awake; None while it runs."""
    return True if _stat(process)[0] in {"Z", ""} else None


def parent_of(process: int) -> int:
    """Return the parent of a process; 0 where there is no such process."""
    return int(_stat(process)[1])


def _stat(process: int) -> tuple[str, str]:
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return "", "0"
    state, parent, *_ = told.rpartition(")")[2].split()
    return state, parent


def _forks(process: int) -> bool:
    try:
        told = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return b"flows.worker.zygote" in told


def _with_own_files(settings: Mapping[str, Any], keys: Path) -> dict[str, Any]:
    """Return the settings with each file that they name copied and named anew."""

    def own(value: object) -> object:
        if isinstance(value, dict):
            return _with_own_files(value, keys)
        if isinstance(value, str) and value.startswith("/") and Path(value).is_file():
            mine = keys / f"{len(list(keys.iterdir()))}-{Path(value).name}"
            shutil.copy(value, mine)
            return str(mine)
        return value

    return {name: own(value) for name, value in settings.items()}
