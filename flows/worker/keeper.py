"""Keeping a zygote alive for as long as the worker lives."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from asyncio.subprocess import create_subprocess_exec
from collections.abc import Callable
from pathlib import Path

import anyio
from prefect.settings import get_current_settings

from flows.worker.settings import READY, UNFIT

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
"""Seconds before a zygote that ended is followed by the next; doubled each time up to this."""
GOOD_AGE = 60.0
"""Seconds after which the end of a zygote counts as the first again."""
HOME = Path.cwd()
"""Where the worker was started; Prefect changes the folder when it loads a crashed run's flow."""

_log = logging.getLogger("prefect.workers.zygote")


async def keep_zygote(path: Path, settled: Callable[[], None]) -> None:
    """Have a zygote serve at `path` until cancelled; call `settled` when nobody need wait longer.

    While there is none, launchers start cold, so a zygote that cannot be is no reason to stop.
    """
    pause = FIRST_PAUSE
    while True:
        began = anyio.current_time()
        code = await _one_life(path, settled)
        settled()
        if code == UNFIT:
            _log.error("runs start cold, because no fit zygote can be had")
            return
        if anyio.current_time() - began > GOOD_AGE:
            pause = FIRST_PAUSE
        _log.warning("the zygote ended with code %s; the next one comes in %.1f s", code, pause)
        await anyio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _one_life(path: Path, settled: Callable[[], None]) -> int:
    here, there = socket.socketpair()
    here.setblocking(False)
    with here:
        with there:
            zygote = await create_subprocess_exec(
                sys.executable,
                *("-m", "flows.worker.zygote", str(path)),
                stdin=there.fileno(),
                env=_environment(),
                cwd=HOME,
                start_new_session=True,
            )
        try:
            if await asyncio.get_running_loop().sock_recv(here, len(READY)) == READY:
                settled()
            return await zygote.wait()
        finally:
            here.close()  # the zygote ends by it, and every run with the zygote
            with anyio.CancelScope(shield=True):
                await zygote.wait()


def _environment() -> dict[str, str]:
    """Return the worker's environment with settings spelled as Prefect will spell them for a run.

    A child whose settings read differently from its zygote's has to load them anew, 65 ms.
    """
    return {**os.environ, **get_current_settings().to_environment_variables(exclude_unset=True)}
