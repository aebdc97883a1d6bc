"""Several people who press a button at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context


def all_at_once(actions: Iterable[Callable[[], object]]) -> float:
    """Do all of them, each on a thread of its own; return the moment at which the first was begun.

    Each has the settings of the caller. Raises what the first of them raises.
    """
    todo = list(actions)
    with ThreadPoolExecutor(len(todo)) as people:
        began = time.time()
        pressed = [people.submit(copy_context().run, action) for action in todo]
    for each in pressed:
        each.result()
    return began
