"""Putting in order what a dead worker left behind, so that its runs can be retried at once.

Prefect sets no state for a run whose worker was killed with it. A run is taken for lost when it
bears the name of this worker and no process of this host executes it; other workers' runs are
left alone (`takeover` is about those). A run that no worker has put its name on yet is lost when no
other worker is online.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed

from flows.worker.settings import WorkerSettings

UNFINISHED = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
NAME_LABEL = "prefect.worker.name"
"""Which worker took the run; Prefect sets it before the run's process is started."""
CANCELLED_AFTER = 5.0
"""Seconds that a cancellation is left to Prefect, which takes up to 3."""
PENDING_AFTER = 15.0
"""Seconds that a pending run may need until it bears the name of its new worker."""
PAGE = 200

_log = logging.getLogger("prefect.workers.reconcile")


async def reconcile(client: PrefectClient, worker: WorkerSettings) -> tuple[FlowRun, ...]:
    """Mark the runs that this worker's predecessor lost: crashed, or cancelled as was asked.

    Returns the pending ones among them, which another worker may just be taking; they are for
    `reconcile_pending`, after `PENDING_AFTER`. For the time before the first poll only.
    """
    lost = await _lost(client, worker, UNFINISHED)
    pending = tuple(run for run in lost if type_of(run) is StateType.PENDING)
    for run in lost:
        if run not in pending:
            await _settle(client, run)
    return pending


async def reconcile_pending(
    client: PrefectClient, worker: WorkerSettings, seen: Iterable[FlowRun]
) -> None:
    """Mark as crashed those of `seen` that are lost still and in the same state as then."""
    states = {run.state_id for run in seen}
    for run in await _lost(client, worker, (StateType.PENDING,)):
        if run.state_id in states:
            await _settle(client, run)


async def sweep(client: PrefectClient, worker: WorkerSettings) -> None:
    """Mark as cancelled what Prefect forgot: a cancel in the moment in which a run was taken."""
    for run in await _lost(client, worker, (StateType.CANCELLING,)):
        if _age(run) > CANCELLED_AFTER:
            await _settle(client, run)


async def _lost(
    client: PrefectClient, worker: WorkerSettings, types: Sequence[StateType]
) -> tuple[FlowRun, ...]:
    runs = await _runs(client, worker.pool, types)
    if not runs:
        return ()
    names = {worker.name}
    if not await _others(client, worker):
        names.add("")
    here = executed_here()
    return tuple(run for run in runs if _taken_by(run) in names and run.id not in here)


async def runs_of(
    client: PrefectClient, pool: str, name: str, types: Sequence[StateType]
) -> tuple[FlowRun, ...]:
    """Return the runs of a pool, in states of these types, that the worker of this name took."""
    runs = await _runs(client, pool, types)
    return tuple(run for run in runs if _taken_by(run) == name)


def _taken_by(run: FlowRun) -> str:
    """Return the name of the worker that took the run; empty if none has put its name on it."""
    return str(run.labels.get(NAME_LABEL, ""))


async def _runs(client: PrefectClient, pool: str, types: Sequence[StateType]) -> list[FlowRun]:
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))
            ),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
            limit=PAGE,
            offset=len(found),
        )
        found += page
        if len(page) < PAGE:
            return found


async def _others(client: PrefectClient, worker: WorkerSettings) -> bool:
    workers = await client.read_workers_for_work_pool(worker.pool)
    return any(w.name != worker.name and str(w.status) != "OFFLINE" for w in workers)


def executed_here() -> frozenset[UUID]:
    """Return the flow runs that processes of this host execute."""
    return frozenset(_told_by(Path("/proc").glob("[0-9]*/environ")))


def _told_by(files: Iterable[Path]) -> Iterable[UUID]:
    for file in files:
        try:
            variables = file.read_bytes().split(b"\0")
        except OSError:
            continue  # gone, or of another user, and so none of ours
        for variable in variables:
            name, _, value = variable.partition(b"=")
            if name == b"PREFECT__FLOW_RUN_ID":
                try:
                    yield UUID(value.decode())
                except ValueError:
                    continue


async def _settle(client: PrefectClient, run: FlowRun) -> None:
    state: State
    if type_of(run) is StateType.CANCELLING:
        state = Cancelled(message="Cancelled as asked; no process was left to end.")
    else:
        state = Crashed(
            message="The worker ended while it executed this run. Retry goes on with it."
        )
    await client.set_flow_run_state(run.id, state, force=True)
    _log.warning("run %s was left behind %s; it is %s now", run.id, _word(run), state.name)


def type_of(run: FlowRun) -> StateType | None:
    """Return the type of the state the run is in."""
    return run.state.type if run.state else None


def _word(run: FlowRun) -> str:
    return run.state.type.value.lower() if run.state else "without a state"


def _age(run: FlowRun) -> float:
    return (datetime.now(UTC) - run.state.timestamp).total_seconds() if run.state else 0.0
