"""The environment of `benchmarks.outside`: made once, below `.cache`, from a lock with hashes."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import say
from demo.stage import CACHE

OUTSIDE = Path(__file__).with_name("outside")
LOCK = OUTSIDE / "requirements.lock"
HOME = CACHE / "benchmarks"
Points = Sequence[tuple[float, float]]


def program(name: str) -> str:
    """Return the path of a program of that environment, such as `python`; make it if need be."""
    ready = HOME / ".ready"
    if not ready.exists() or ready.read_bytes() != LOCK.read_bytes():
        say("setting up what we are compared with")
        venv.create(HOME, with_pip=True, clear=True)
        pip = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
        pip += ["--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(pip, check=True)  # noqa: S603 - our own lock
        ready.write_bytes(LOCK.read_bytes())
    return str(HOME / "bin" / name)


def outside(module: str, *arguments: str) -> str:
    """Return what a module of `benchmarks.outside` prints."""
    call = [program("python"), str(OUTSIDE / f"{module}.py"), *arguments]
    told = subprocess.run(call, check=True, stdout=subprocess.PIPE, stderr=sys.stderr)  # noqa: S603
    return told.stdout.decode()


def plot(file: str, title: str, axes: tuple[str, str], curves: Mapping[str, Points]) -> None:
    """Draw curves into `benchmarks/<file>.svg`."""
    told = {"title": title, "x": axes[0], "y": axes[1], "curves": curves}
    path = Path(__file__).with_name(f"{file}.svg")
    call = [program("python"), str(OUTSIDE / "plot.py"), str(path)]
    subprocess.run(call, check=True, input=json.dumps(told).encode())  # noqa: S603
