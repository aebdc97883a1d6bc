"""Waiting for something outside to become so, with an end to the patience."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from adapters.shared import clock
from engine.errors import Transient

T = TypeVar("T")


def wait_until(
    look: Callable[[], T | None], *, seconds: float, what: str, every: float = 1.0, hint: str = ""
) -> T:
    """Return the first answer of `look` that is not None.

    `seconds` is measured on the monotonic clock, so that a clock step neither shortens nor
    lengthens it. One unanswered look (`Transient`) is forgiven until the time is over.
    Raises `Transient` with `what` was waited for when the time is over.
    """
    deadline = clock.monotonic() + seconds
    last: Transient | None = None
    while True:
        try:
            answer = look()
        except Transient as error:
            answer, last = None, error
        if answer is not None:
            return answer
        if clock.monotonic() >= deadline:
            break
        clock.sleep(min(every, max(0.0, deadline - clock.monotonic())))
    because = f"; the last look failed: {last.message}" if last else ""
    raise Transient(f"waited {seconds:g} s for {what}{because}", hint=hint)
