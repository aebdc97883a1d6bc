"""A request to make a key that nobody answered: its key may come into being after the answer was given up.

If the next try were made at once, it would look for the lost key too early, and the run could be over
before that key is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from adapters.shared import clock
from engine.errors import Transient, Unanswered

LANDING = 40.0
"""Seconds after the end of our patience (20 s). Proxies wait 60 s in all (`proxy_read_timeout` of nginx)."""
_PAUSE = 1.0

T = TypeVar("T")


def landed(make: Callable[[], T], is_there: Callable[[], bool]) -> T:
    """Return what `make` makes; leave with `Unanswered` only once its key is there or overdue.

    `is_there` looks for the key of a request without an answer; it may take it away at once.
    """
    try:
        return make()
    except Unanswered as error:
        lost = error
    deadline = clock.monotonic() + LANDING
    while not _look(is_there) and clock.monotonic() < deadline:
        clock.sleep(_PAUSE)
    raise lost


def _look(is_there: Callable[[], bool]) -> bool:
    try:
        return is_there()
    except Transient:
        return False
