"""The ledger as a file that can be kept, and verified, somewhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import closing
from itertools import takewhile
from pathlib import Path

from adapters.platform import Platform
from engine.errors import Refused
from engine.ledger import Actor, Draft, Event
from engine.lines import to_json

MODE = 0o600


def export_trail(platform: Platform, output: Path | None, actor: Actor) -> None:
    """Record that `actor` exports the ledger, then write it up to and with that entry.

    A file is there whole or not at all. Raises `Refused` if it cannot be written; that somebody
    tried is then recorded all the same.
    """
    with platform.journal as journal:
        last = journal.append(
            Draft(run="", event=Event.TRAIL_EXPORTED, actor=actor, details={"to": _place(output)})
        )
        with closing(journal.stream()) as entries:
            lines = map(to_json, takewhile(lambda entry: entry.sequence <= last.sequence, entries))
            write_lines(lines, output)


def _place(output: Path | None) -> str:
    return str(output.absolute()) if output is not None else "standard output"


def write_lines(lines: Iterable[str], output: Path | None, option: str = "--output") -> None:
    """Write lines to a file, whole or not at all, for its owner alone; else to standard output.

    Raises `Refused` if it cannot be written, with `option` as the one that names another place.
    """
    if output is None:
        for line in lines:
            sys.stdout.buffer.write(f"{line}\n".encode())
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.writelines(line + "\n" for line in lines)
            file.flush()
            os.fsync(descriptor)
        part.replace(output)
    except OSError as error:
        told = f"{output} cannot be written: {error.strerror}"
    else:
        return
    finally:
        part.unlink(missing_ok=True)
    raise Refused(told, hint=f"Name a place that can be written to with {option}.")
