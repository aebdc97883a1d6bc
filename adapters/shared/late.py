"""A request to make something that nobody answered: it may be made after the answer was given up.

If the next try were made at once, it would look for what got lost too early, and make a second one;
the run could be over before the first is there.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat
from typing import TypeVar

from adapters.shared import clock
from engine.errors import Transient, Unanswered

LANDING = 40.0
"""Seconds after the end of our patience (20 s). Proxies wait 60 s in all (`proxy_read_timeout` of nginx)."""
_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between looks; the last one is repeated. A look may be at the whole vault."""

T = TypeVar("T")


def landed(make: Callable[[], T], is_there: Callable[[], bool]) -> T:
    """Return what `make` makes; leave with `Unanswered` only once it is there or overdue.

    `is_there` looks for what a request without an answer has made; it may take it away at once.
    """
    try:
        return make()
    except Unanswered as error:
        lost = error
    deadline = clock.monotonic() + LANDING
    for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
        if _look(is_there) or clock.monotonic() >= deadline:
            break
        clock.sleep(pause)
    raise lost


def _look(is_there: Callable[[], bool]) -> bool:
    try:
        return is_there()
    except Transient:
        return False
