"""Looking again and again until the goal is there, or saying what was there instead.

`waiting` ends in a question of patience (`Transient`); this ends in a finding (`NotConverged`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from adapters.shared import clock
from engine.errors import NotConverged, Transient
from engine.step import Done, NotYet

FIRST_PAUSE = 0.1
"""Seconds; what is nearly there is not kept waiting."""

O = TypeVar("O", bound=BaseModel)  # noqa: E741 - the contract's own letter for outputs


def converge(
    look: Callable[[], Done[O] | NotYet],
    *,
    seconds: float,
    report: Callable[[str], None],
    every: float = 1.0,
    hint: str = "",
) -> Done[O]:
    """Return the first `Done` that `look` finds within `seconds` on the monotonic clock.

    The pause between two looks grows from `FIRST_PAUSE` to `every` seconds, or is as long as the
    other side asked for. Each new finding is reported once. An unanswered look (`Transient`) is
    forgiven while there is time; when the last look is one, it leaves as it is. Otherwise, at the
    end of the time, raises `NotConverged` with the last finding.
    """
    deadline = clock.monotonic() + seconds
    told, pause = "", min(FIRST_PAUSE, every)
    while True:
        unanswered: Transient | None = None
        try:
            found = look()
        except Transient as error:
            unanswered, finding = error, error.message
        else:
            if isinstance(found, Done):
                return found
            finding = found.finding
        left = deadline - clock.monotonic()
        if left <= 0:
            raise unanswered or NotConverged(f"after {seconds:g} s, {finding}", hint=hint)
        if finding != told:
            report(finding)
            told = finding
        asked_for = (unanswered and unanswered.retry_after) or 0.0
        clock.sleep(min(max(pause, asked_for), left))
        pause = min(2 * pause, every)
