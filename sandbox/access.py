"""The access log of a world: what was asked and how it ended, never what was said."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class AccessLog:
    """An open log file; each line is time, double, method, path and status.

    The path carries no query, and nothing of headers or bodies is ever passed in here. The status
    of an injected fault is the word for it, such as `drop`.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self.problems: list[str] = []
        """Requests that a double could not answer; a test may assert that this is empty."""

    def write(self, double: str, method: str, path: str, status: int | str) -> None:
        """Append one line."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        printable = path.encode("unicode_escape").decode().replace(" ", "%20")
        with self._lock:
            self._counts[double] += 1
            if not self._file.closed:
                self._file.write(f"{moment} {double} {method} {printable} {status}\n")

    def note_problem(self, words: str) -> None:
        """Keep a sentence about a double that failed by itself."""
        with self._lock:
            self.problems.append(words)

    def counts(self) -> dict[str, int]:
        """Return the number of requests each double has seen."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """Close the file; later requests are counted but not written."""
        with self._lock:
            self._file.close()
