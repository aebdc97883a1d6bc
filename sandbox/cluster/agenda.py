"""Work that happens a little later, one piece at a time, on one thread."""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Pace:
    """How long each part of the cluster takes, in seconds."""

    source: float = 0.05
    """From the request to the fetched artifact."""
    kustomize: float = 0.05
    """From the request to the apply, and from the apply to its end."""
    operator: float = 0.05
    """From the applied SopsSecret to the changed Secret."""
    rollout: float = 0.05
    """Between two steps of a rollout."""
    deadline: float = 0.5
    """Until a rollout that makes no progress is called failed."""
    interval: float | None = None
    """Between two reconciles that nobody asked for; none means that there are none."""


@dataclass(order=True)
class _Entry:
    due: float
    number: int
    work: Callable[[], None] = field(compare=False)
    is_background: bool = field(compare=False)


class Agenda:
    """A thread that does dated work in order of its date; `close` drops what is left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: list[_Entry] = []
        self._numbers = count()
        self._is_working = False
        self._is_closed = False
        self.failures: list[BaseException] = []
        """What went wrong in work; a test may assert that this is empty."""
        self._thread = threading.Thread(target=self._run, name="sandbox-agenda", daemon=True)
        self._thread.start()

    def later(self, seconds: float, work: Callable[[], None], *, background: bool = False) -> None:
        """Do `work` after `seconds`; `settle` does not wait for background work."""
        with self._changed:
            due = time.monotonic() + seconds
            heapq.heappush(self._entries, _Entry(due, next(self._numbers), work, background))
            self._changed.notify_all()

    def settle(self, timeout: float) -> bool:
        """Wait until no work is left, at most `timeout` seconds; tell whether that came."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout)

    def close(self) -> None:
        """End the thread after the work in hand and drop the rest."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _is_idle(self) -> bool:
        return not self._is_working and all(entry.is_background for entry in self._entries)

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            try:
                entry.work()
            except Exception as error:  # noqa: BLE001 - one bad piece of work must not end the rest
                self.failures.append(error)
            with self._changed:
                self._is_working = False
                self._changed.notify_all()

    def _next(self) -> _Entry | None:
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                if self._entries and self._entries[0].due <= now:
                    self._is_working = True
                    return heapq.heappop(self._entries)
                self._changed.wait(self._entries[0].due - now if self._entries else None)
            return None
