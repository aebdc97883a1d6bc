"""What processes hold, read from /proc."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def below(process: int) -> set[int]:
    """Return this process and all that it started, directly or not, and that live."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            told = stat.read_text(errors="replace").rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(told[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def memory(processes: set[int]) -> float:
    """Return the MiB that these hold, with each shared page counted once among its sharers (PSS)."""
    held = 0
    for process in processes:
        with suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    held += int(line.split()[1])
    return held / 1024
