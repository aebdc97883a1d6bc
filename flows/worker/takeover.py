"""Taking over the runs of workers that died and were not started again.

Whoever sees another worker's count of beats stand still for that worker's patience becomes its heir
in the ledger, where there is one heir at any time. The heir marks what was running as crashed and
schedules it anew, so that any worker of the pool goes on with it; the engine then looks before it
acts, as after every crash. Runs that wait at a gate have no process and are never touched.
"""

from __future__ import annotations

import logging
from uuid import UUID

from anyio.to_thread import run_sync
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Cancelled, Crashed

from adapters.ledger.workers import Worker
from engine.errors import LedgerDown
from flows.worker.life import Life
from flows.worker.reconcile import PENDING_AFTER, UNFINISHED, runs_of, type_of
from flows.worker.stillness import Stillness, running_clock

MOST = 1.5
"""Times between two looks of which a longer pause does not count."""

NAMELESS_AFTER = 30.0
"""Seconds that a run may be pending or cancelling without the name of a worker."""

_log = logging.getLogger("prefect.workers.takeover")


class Onlooker:
    """What one worker knows of the others, and what it does about those that are dead."""

    def __init__(self, client: PrefectClient, life: Life) -> None:
        """Take a client of its own and this worker's life."""
        self._client = client
        self._life = life
        self._beats: Stillness[str] = Stillness()
        self._pending: dict[str, Stillness[UUID]] = {}
        self._nameless: Stillness[UUID] = Stillness()
        self._most = MOST * life.settings.beat

    async def look(self) -> None:
        """Give up whoever was still for too long, and settle what this worker inherited.

        What the ledger or Prefect cannot answer now is left to the next look.
        """
        me = self._life.settings
        try:
            rows = await run_sync(self._life.workers.find, me.pool)
            others = [row for row in rows if row.life != self._life.life]
            self._watch([row for row in others if not row.heir])
            for row in others:
                if not row.heir and self._beats.seconds(row.life) > row.patience:
                    await self._inherit(row)
            for row in others:
                if row.heir == me.name:
                    await self._settle(row)
            if me.name == min((row.name for row in rows if not row.heir), default=""):
                await self._settle_nameless()
        except LedgerDown as error:
            _log.warning("the other workers could not be looked at: %s", error.message)

    def _watch(self, rows: list[Worker]) -> None:
        beats = {row.life: row.beat for row in rows}
        self._beats = self._beats.look(beats, running_clock(), self._most)

    async def _inherit(self, dead: Worker) -> None:
        if self._life.is_certain and await run_sync(
            self._life.workers.inherit, dead, self._life.settings.name
        ):
            _log.warning(
                "worker %r gave no sign of life for %d s; its runs are taken over",
                dead.name,
                dead.patience,
            )

    async def _settle(self, dead: Worker) -> None:
        me = self._life
        runs = await runs_of(self._client, dead.pool, dead.name, UNFINISHED)
        # a pending run bears the name of its last worker until its new one has put its own there
        young = {run.id: run.state_id for run in runs if type_of(run) is StateType.PENDING}
        seen = self._pending.get(dead.life, Stillness())
        seen = seen.look(young, running_clock(), self._most)
        self._pending[dead.life] = seen
        for run in runs:
            if run.id in young and seen.seconds(run.id) < PENDING_AFTER:
                continue
            if not me.is_certain:
                return
            if not await run_sync(me.workers.inherits, dead, me.settings.name, me.life):
                return
            told = f"The worker {dead.name} gave no sign of life for {dead.patience} s."
            await _hand_on(self._client, run, told)
        if not runs:
            await run_sync(me.workers.settled, dead, me.settings.name)
            del self._pending[dead.life]

    async def _settle_nameless(self) -> None:
        """Settle what no worker has put its name on for long: whoever took it is gone, or forgot it.

        Only the first worker by name does, so that it is done once.
        """
        pool = self._life.settings.pool
        runs = await runs_of(self._client, pool, "", (StateType.PENDING, StateType.CANCELLING))
        states = {run.id: run.state_id for run in runs}
        self._nameless = self._nameless.look(states, running_clock(), self._most)
        for run in runs:
            if self._nameless.seconds(run.id) > NAMELESS_AFTER and self._life.is_certain:
                await _hand_on(self._client, run, "No worker has put its name on this run.")


async def _hand_on(client: PrefectClient, seen: FlowRun, why: str) -> None:
    """Have a run go on elsewhere, or be cancelled as was asked, if it is as it was `seen`."""
    try:
        run = await client.read_flow_run(seen.id)
    except ObjectNotFound:  # somebody has deleted it
        return
    if run.state_id != seen.state_id:
        return
    states: list[State] = [Crashed(message=why), AwaitingRetry(message=why)]
    if type_of(run) is StateType.CANCELLING:
        states = [Cancelled(message=f"Cancelled as asked. {why}")]
    for state in states:
        await client.set_flow_run_state(run.id, state, force=True)
    _log.warning("run %s is %s now: %s", run.id, states[-1].name, why)
