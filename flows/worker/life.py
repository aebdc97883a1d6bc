"""This worker's own sign of life in the ledger, and what follows when it cannot be given.

A worker that was asleep, stopped or cut off from the ledger may have been given up, and its runs
taken over. It therefore ends them by itself before anybody else may: by a clock of its own, so that
it takes no answer from anywhere, and at the latest when it hears that it was given up.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from adapters.ledger.workers import Worker, Workers
from engine.errors import LedgerDown, Refused
from flows.worker.settings import BEATS, SELF, WorkerSettings
from flows.worker.stillness import Stillness, running_clock

LOOK = 0.5
"""Seconds between two looks at the clock."""

_log = logging.getLogger("prefect.workers.life")


class Life:
    """One life of one worker, from its entry in the ledger to its end."""

    def __init__(self, workers: Workers, settings: WorkerSettings, life: str) -> None:
        """Take the life as `begin` has entered it."""
        self.workers = workers
        self.settings = settings
        self.life = life
        self._shown = running_clock()

    @property
    def is_certain(self) -> bool:
        """Tell whether nobody can have given this worker up yet, as far as its own clock knows."""
        return running_clock() - self._shown < self.settings.patience * SELF

    async def show(self, lost: Callable[[str], None]) -> None:
        """Go on showing life; call `lost` with the reason when it is over."""
        while True:
            asked = running_clock()
            try:
                known = await run_sync(self.workers.beat, self.life, abandon_on_cancel=True)
            except LedgerDown as error:
                _log.warning("no sign of life could be given: %s", error.message)
            else:
                if not known:
                    lost("it was given up, and its runs are another worker's now")
                self._shown = asked
            await anyio.sleep(self.settings.beat)

    async def watch_the_clock(self, lost: Callable[[str], None]) -> None:
        """Call `lost` with the reason when no sign of life could be given for too long."""
        while self.is_certain:  # noqa: ASYNC110 # a clock tells nobody of its time
            await anyio.sleep(LOOK)
        lost(f"it gave no sign of life for {self.settings.patience * SELF:.0f} s")

    async def leave(self) -> None:
        """End well: no run is left behind. A ledger that is away is not waited for."""
        try:
            await run_sync(self.workers.leave, self.life, abandon_on_cancel=True)
        except LedgerDown as error:
            _log.warning("the worker could not sign off: %s", error.message)


async def begin(workers: Workers, settings: WorkerSettings) -> Life:
    """Enter the worker in the ledger; raise `Refused` where one of its name is at work elsewhere.

    On this host that cannot be: `main` holds the name there. Raises `LedgerDown`.
    """
    here = place()
    before = next((w for w in workers.find(settings.pool) if w.name == settings.name), None)
    if before is not None and before.place != here and not before.heir:
        await _refuse_a_living(workers, before)
    return Life(
        workers, settings, workers.enter(settings.pool, settings.name, here, settings.patience)
    )


async def _refuse_a_living(workers: Workers, before: Worker) -> None:
    beats = before.patience / BEATS
    _log.info("another host had a worker %r; it is watched for a while", before.name)
    seen: Stillness[str] = Stillness()
    while seen.seconds(before.life) <= 2 * beats:
        now = {each.life: each.beat for each in workers.find(before.pool)}
        if now.get(before.life, before.beat) != before.beat:
            raise Refused(
                f"a worker {before.name} of the pool {before.pool} is at work at {before.place}",
                hint="Give this one a name of its own with --name.",
            )
        if before.life not in now:
            return
        seen = seen.look(now, running_clock(), beats)
        await anyio.sleep(beats / 2)


def place() -> str:
    """Return where this worker runs, so finely that no two of one name can be at work there.

    That is the reach of the name that `main` holds: one boot of one host, and one network namespace
    (unix(7), abstract sockets).
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{socket.gethostname()} {boot[:8]} {Path('/proc/self/ns/net').readlink()}"
