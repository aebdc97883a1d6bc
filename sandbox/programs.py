"""Real programs, run with a small environment and only pipes for data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ProgramFailed(RuntimeError):
    """A program ended with an error; carries its exit code and its own words, never its input."""


def find_program(name: str) -> str:
    """Return the path of `name`, beside this interpreter or else in PATH.

    The interpreter's own folder comes first: the domain's machines carry a broken `sops` in PATH.
    """
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(name)
    if found is None:
        message = f"{name} is neither beside {sys.executable} nor in PATH; install it first"
        raise ProgramFailed(message)
    return found


def run_program(
    arguments: Sequence[str], *, stdin: bytes = b"", environment: Mapping[str, str]
) -> bytes:
    """Return what the program printed; raise `ProgramFailed` when its exit code is not zero."""
    ended = subprocess.run(  # noqa: S603 - fixed programs, arguments made in this package
        [find_program(arguments[0]), *arguments[1:]],
        input=stdin,
        capture_output=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath), **environment},
    )
    if ended.returncode != 0:
        words = ended.stderr.decode(errors="replace").strip()
        message = f"{arguments[0]} ended with {ended.returncode}: {words}"
        raise ProgramFailed(message)
    return ended.stdout
