"""What the exit code says to a script."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How `runbook` ended."""

    FINE = 0
    REFUSED = 1
    USAGE = 2
    INVALID = 3
    UNREACHABLE = 4
    LEDGER_BROKEN = 5
    LOCKED = 6
    FAULT = 70
    INTERRUPTED = 130


MEANING = {
    Exit.FINE: "fine",
    Exit.REFUSED: "refused, or something is not ok",
    Exit.USAGE: "used wrongly",
    Exit.INVALID: "a file is not valid",
    Exit.UNREACHABLE: "the ledger or another system is not reachable now; try again later",
    Exit.LEDGER_BROKEN: "the ledger is not what was once written",
    Exit.LOCKED: "another live run holds what this one needs",
    Exit.FAULT: "a fault of runbook itself; RUNBOOK_DEBUG=1 shows where",
    Exit.INTERRUPTED: "interrupted",
}


def epilog() -> str:
    """Return the table of exit codes for `runbook --help`."""
    lines = [f"  {code.value:>3}  {meaning}" for code, meaning in MEANING.items()]
    return "\n".join(["\b", "Exit codes:", *lines])
