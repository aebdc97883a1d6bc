"""The worker's loop: look for runs at every nudge, show signs of life, drain when told to end."""

from __future__ import annotations

import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
from anyio import CancelScope
from anyio.abc import TaskStatus
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.workers.process import ProcessWorker

from adapters.ledger.workers import Workers
from flows.worker.anew import Birth
from flows.worker.beginning import require_pool
from flows.worker.job import report_crash_once, warm_job
from flows.worker.keeper import keep_zygote
from flows.worker.life import Life, begin
from flows.worker.nudge import listen
from flows.worker.reconcile import PENDING_AFTER, reconcile, reconcile_pending, sweep
from flows.worker.settings import POLL, SWEEP, SYNC, WorkerSettings
from flows.worker.takeover import Onlooker

ZYGOTE_SECONDS = 30.0
"""The first run waits so long for the first zygote; then it starts cold."""

_log = logging.getLogger("prefect.workers.loop")


@dataclass
class Signs:
    """What the parts of the loop tell each other."""

    nudge: anyio.Event = field(default_factory=anyio.Event)
    """Set when a run may be waiting; each look begins with a new one."""
    warm: anyio.Event = field(default_factory=anyio.Event)
    """Set when the first zygote is there, or need not be waited for."""
    end: anyio.Event = field(default_factory=anyio.Event)
    """Set when no new run is to be taken."""

    def call(self) -> None:
        """Have the loop look for runs now."""
        self.nudge.set()


async def work(settings: WorkerSettings, workers: Workers, folder: Path, birth: Birth) -> None:
    """Work until SIGTERM or SIGINT, then let what runs end; a second signal ends that as well.

    `folder` is private to this worker. A worker that may have been given up ends every run and is
    born again. Raises `Refused`, `Transient` and `LedgerDown` where it cannot even begin.
    """
    await require_pool(settings.pool)
    life = await begin(workers, settings)

    def lost(why: str) -> None:
        _log.error("the worker ends its runs and starts anew: %s", why)
        birth.again(folder)

    signs = Signs()
    zygote = folder / "zygote"
    async with anyio.create_task_group() as kept:
        kept.start_soon(_heed_signals, signs, kept.cancel_scope)
        kept.start_soon(life.show, lost)
        kept.start_soon(life.watch_the_clock, lost)
        kept.start_soon(keep_zygote, zygote, signs.warm.set)
        await _serve(settings, life, zygote, signs)
        await life.leave()
        kept.cancel_scope.cancel()


async def _serve(settings: WorkerSettings, life: Life, zygote: Path, signs: Signs) -> None:
    worker = ProcessWorker(
        settings.pool,
        name=settings.name,
        limit=settings.limit,
        heartbeat_interval_seconds=SYNC,
        create_pool_if_not_found=False,
    )
    worker.job_configuration = warm_job(zygote)
    vars(worker)["run"] = report_crash_once(worker)
    async with worker:
        async with get_client() as client, anyio.create_task_group() as parts:
            await parts.start(_put_in_order, client, settings)
            parts.start_soon(_take_runs, worker, signs)
            parts.start_soon(listen, client, settings.pool, signs.call)
            parts.start_soon(_every, SYNC, worker.sync_with_backend)
            parts.start_soon(_every, settings.beat, Onlooker(client, life).look)
            await signs.end.wait()
            parts.cancel_scope.cancel()
        _log.info("no new run is taken; the worker ends with those that it has")


async def _take_runs(worker: ProcessWorker, signs: Signs) -> None:
    with anyio.move_on_after(ZYGOTE_SECONDS):
        await signs.warm.wait()
    _log.info("worker %r takes runs", worker.name)
    while True:
        signs.nudge = anyio.Event()
        await _try(worker.get_and_submit_flow_runs)
        with anyio.move_on_after(POLL):
            await signs.nudge.wait()


async def _put_in_order(
    client: PrefectClient, settings: WorkerSettings, *, task_status: TaskStatus[None]
) -> None:
    """Report as started when a dead predecessor's runs are settled, and go on sweeping."""
    left: list[FlowRun] = []

    async def look() -> None:
        left.extend(await reconcile(client, settings))

    while not await _try(look):  # noqa: ASYNC110 # the server tells nobody when it is back
        await anyio.sleep(POLL)
    task_status.started()
    seen = anyio.current_time()
    while True:
        await anyio.sleep(SWEEP)
        await _try(lambda: sweep(client, settings))
        if left and anyio.current_time() - seen > PENDING_AFTER:
            await _try(lambda: reconcile_pending(client, settings, tuple(left)))
            left.clear()


async def _every(seconds: float, call: Callable[[], Awaitable[object]]) -> None:
    while True:
        await anyio.sleep(seconds)
        await _try(call)


async def _try(call: Callable[[], Awaitable[object]]) -> bool:
    """Return whether the server answered; a server that is away is waited for."""
    try:
        await call()
    except httpx.HTTPError as error:
        _log.warning("the Prefect server did not answer: %s", type(error).__name__)
        return False
    return True


async def _heed_signals(signs: Signs, scope: CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        async for _ in received:
            if signs.end.is_set():
                _log.warning("told twice to end: what runs is ended as well")
                scope.cancel()
                return
            signs.end.set()
