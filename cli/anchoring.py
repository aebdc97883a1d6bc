"""The head of the ledger, signed, as a note that is kept somewhere else."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.platform import Platform
from adapters.shared.files import read_secret
from cli.recorder import person, record
from cli.witnesses import signing_key
from engine.errors import Refused
from engine.ledger import Event
from engine.notes import public_key, sign_head


def anchor_head(platform: Platform, output: Path | None, by: str) -> str:
    """Record that the head is anchored, sign that very entry, and return the note.

    With `output` the note is added to that file. Raises `Refused` without a key, or if the file
    cannot be written.
    """
    key = read_secret(signing_key(platform), "the anchor key")
    to = str(output.absolute()) if output is not None else "standard output"
    actor = person(platform, by)
    entry = record(platform, Event.TRAIL_ANCHORED, actor, {"to": to, "key": public_key(key)})
    note = sign_head(entry, key)
    if output is not None:
        _add(output, note)
    return note


def _add(output: Path, note: str) -> None:
    try:
        with output.open("a", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        told = f"{output} cannot be written: {error.strerror}"
    else:
        return
    raise Refused(told, hint="Name a place that can be written to with --output.")
