"""Which commit a folder is at, for a trail that says what was in force."""

from __future__ import annotations

from pathlib import Path

from adapters.shared import command
from engine.errors import RunbookError

_OPTIONS = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
"""It may belong to somebody else, and no program it names is to be run."""


def origin(folder: Path) -> dict[str, str | bool]:
    """Return `commit` and whether the folder is `dirty`; nothing where it is in no repository."""
    try:
        git = command.find("git")
        head = command.run(git, [*_OPTIONS, "-C", str(folder), "rev-parse", "--verify", "HEAD"])
        if head.exit_code != 0:
            return {}
        arguments = ["-C", str(folder), "status", "--porcelain", "--", "."]
        changed = command.run(git, [*_OPTIONS, *arguments])
    except RunbookError:
        return {}
    is_dirty = changed.exit_code != 0 or bool(changed.stdout.strip())
    return {"commit": head.stdout.decode().strip(), "dirty": is_dirty}
