"""What a process does before it forks the processes of runs, so that they need not do it again."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from importlib import import_module

import anyio
from pydantic import BaseModel


def warm_up(modules: Iterable[str]) -> None:
    """Import these modules, and prepare what every child of this process would prepare again."""
    for name in modules:
        import_module(name)
    anyio.run(anyio.sleep, 0)  # imports what the first event loop imports
    complete_models()


def share_memory() -> None:
    """Keep what is there shared with the children: the garbage collector never looks at it again."""
    gc.collect()
    gc.freeze()


def complete_models() -> None:
    """Build what Prefect's models are validated with: it puts that off until each is first used.

    `pydantic.ConfigDict.defer_build` is why; every child would build the same ones again.
    """
    waiting = BaseModel.__subclasses__()
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)
