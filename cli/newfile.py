"""Key files: made once, readable by their owner alone, and never overwritten."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.errors import Refused

MODE = 0o400


def write_new(path: Path, content: bytes, mode: int = MODE) -> None:
    """Make the file durable with its mode from the first moment; refuse to touch one that is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        told, hint = f"{path} is there already", "A key is never overwritten; choose another file."
    except OSError as error:
        told, hint = f"{path} cannot be written: {error.strerror}", "Choose another place."
    else:
        _fill(descriptor, path, content)
        return
    raise Refused(told, hint=hint)


def _fill(descriptor: int, path: Path, content: bytes) -> None:
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}"
    else:
        return
    with suppress(OSError):
        path.unlink()
    raise Refused(told)


def write_over(path: Path, content: bytes, mode: int) -> None:
    """Put the file in the place of one that is there, at once and whole; raise `Refused`."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        write_new(new, content, mode)
        new.replace(path)
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}"
    else:
        return
    raise Refused(told, hint="Choose another place.")
