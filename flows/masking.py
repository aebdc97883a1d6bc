"""The last door to Prefect: of what breaks behind it, no word gets there that is not ours.

Prefect stores and logs the text of every exception that leaves a flow or a task, with the whole chain
of those before it. Its own signals (`Pause`, `Abort`) are no `Exception`, and pass.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import RunbookError
from engine.surprise import WITHHELD, surprise


class RunFailed(RuntimeError):
    """What Prefect is told of a failure; the text is masked and may be stored."""


def masked(what: str, body: Callable[[], None]) -> None:
    """Call `body`; raise what is ours as it is, and `RunFailed` for anything that nobody foresaw."""
    try:
        body()
    except (RunbookError, RunFailed):
        raise
    except Exception as error:  # noqa: BLE001 - its text may hold a secret
        told = surprise(what, error)
    else:
        return
    raise RunFailed(f"{told}\nhint: {WITHHELD}")  # outside `except`: nothing is chained to it
