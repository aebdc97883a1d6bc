"""Hearing of waiting runs from the server's events, so that no poll has to be waited for.

An accelerator only: when events are late, or do not come, the poll finds the run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio
from prefect.client.orchestration import PrefectClient
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter

RECONNECT = 2.0
"""Seconds until the stream of events is asked for again after it was lost."""
WAITING = [
    "prefect.flow-run.Scheduled",
    "prefect.flow-run.Resuming",
    "prefect.flow-run.AwaitingRetry",
]
"""The events after which a run waits for a worker."""

_log = logging.getLogger("prefect.workers.nudge")


async def listen(client: PrefectClient, pool: str, call: Callable[[], None]) -> None:
    """Call `call` whenever a run of the pool begins to wait; goes on until cancelled."""
    while True:
        try:
            await _listen(client, pool, call)
        except Exception as error:  # noqa: BLE001 # whatever it is, the poll does without
            _log.debug("no events: %s: %s", type(error).__name__, error)
        await anyio.sleep(RECONNECT)


async def _listen(client: PrefectClient, pool: str, call: Callable[[], None]) -> None:
    number = (await client.read_work_pool(pool)).id
    wanted = EventFilter(
        event=EventNameFilter(name=WAITING),
        any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{number}"]),
    )
    async with get_events_subscriber(filter=wanted) as events:
        async for _ in events:
            call()
