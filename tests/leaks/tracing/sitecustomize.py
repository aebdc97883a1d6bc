"""Put into every Python of a stage by PYTHONPATH: nothing it starts or deletes escapes the search.

Each start of a program is noted with its arguments and environment before it happens; each file
that is about to be deleted or replaced below the watched folders is first linked into a graveyard.
The folders come by `LEAK_TRACE` (where to write) and `LEAK_WATCHED` (what to keep).
"""
# pathlib takes longer to import than all of this
# ruff: noqa: PTH103, PTH109, PTH113, PTH115, PTH118

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

_TRACE = os.environ.get("LEAK_TRACE", "")
_WATCHED = tuple(filter(None, os.environ.get("LEAK_WATCHED", "").split(os.pathsep)))
_STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn"}
_numbers = itertools.count()


def _note(arguments: tuple[Any, ...]) -> None:
    text = b"\n".join(_words(arguments))
    name = os.path.join(_TRACE, f"starts-{os.getpid()}")
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, text + b"\n")
    finally:
        os.close(handle)


def _words(argument: Any) -> Iterator[bytes]:
    """Yield every text of what a program is started with, as it is."""
    if isinstance(argument, Mapping):
        argument = [*argument.keys(), *argument.values()]
    if isinstance(argument, list | tuple):
        for part in argument:
            yield from _words(part)
    elif isinstance(argument, str | bytes | os.PathLike):
        yield os.fsencode(argument)


def _bury(name: Any, folder: int = -1) -> None:
    above = os.readlink(f"/proc/self/fd/{folder}") if folder >= 0 else os.getcwd()
    path = os.path.normpath(os.path.join(above, os.fsdecode(name)))
    if path.startswith(_WATCHED) and not path.startswith(_TRACE) and os.path.isfile(path):
        os.link(path, os.path.join(_TRACE, "graveyard", f"{os.getpid()}-{next(_numbers)}"))


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    with suppress(OSError, ValueError, TypeError):
        if event in _STARTS:
            _note(arguments)
        elif event == "os.remove":
            _bury(*arguments)
        elif event == "os.rename":
            _bury(arguments[1], arguments[3])


if _TRACE:
    os.makedirs(os.path.join(_TRACE, "graveyard"), exist_ok=True)
    sys.addaudithook(_hear)
