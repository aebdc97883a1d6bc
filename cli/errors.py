"""The one door every error leaves by: a sentence, a hint, an exit code, and no traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.exits import Exit
from cli.text import clean
from engine.errors import ChainBroken, LedgerDown, Locked, RunbookError, Transient
from engine.findings import Invalid

DEBUG = "RUNBOOK_DEBUG"
"""Set to 1, a fault of runbook itself is shown with its traceback, which may hold a secret."""


@contextmanager
def the_door() -> Iterator[None]:
    """Turn what is raised inside into words on standard error and an exit code."""
    try:
        yield
    except RunbookError as error:
        told, code = _lines(error), code_of(error)
    except Exception as error:  # noqa: BLE001 - the last door; the text may hold anything
        told, code = _surprise(error), Exit.FAULT
    else:
        return
    print(told, file=sys.stderr)
    sys.exit(code)


def code_of(error: RunbookError) -> Exit:
    """Return the exit code that says what kind of error this is."""
    match error:
        case Invalid():
            return Exit.INVALID
        case Transient() | LedgerDown():
            return Exit.UNREACHABLE
        case ChainBroken():
            return Exit.LEDGER_BROKEN
        case Locked():
            return Exit.LOCKED
        case _:
            return Exit.REFUSED


def _lines(error: RunbookError) -> str:
    if isinstance(error, Invalid):
        return "\n".join(clean(str(finding)) for finding in error.findings)
    told = f"error: {clean(error.message)}"
    return f"{told}\nhint: {clean(error.hint)}" if error.hint else told


def _surprise(error: Exception) -> str:
    if os.environ.get(DEBUG) == "1":
        return "".join(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return f"error: {type(error).__name__} at {place}; this is a fault of runbook"
