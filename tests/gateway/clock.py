"""`python -m tests.gateway.clock DEPLOYMENT SINCE`: what Prefect's scheduler does for one, once.

The schedulers of the stages are at rest, because all deployments' schedules would come due.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.server.database import provide_database_interface
from prefect.server.models.deployments import schedule_runs
from sqlalchemy.exc import OperationalError

TRIES = 100
"""The server writes to the same file, and SQLite lets nobody write on what it read before that."""


async def tick(deployment: UUID, since: datetime) -> UUID:
    """Make the first run that is due after `since`, and return its id."""
    for _ in range(TRIES):
        try:
            return await _tick(deployment, since)
        except OperationalError:
            await asyncio.sleep(0.1)
    return await _tick(deployment, since)


async def _tick(deployment: UUID, since: datetime) -> UUID:
    make: Any = schedule_runs
    async with provide_database_interface().session_context(begin_transaction=True) as session:
        [made] = await make(session=session, deployment_id=deployment, start_time=since, max_runs=1)
        return UUID(str(made))


if __name__ == "__main__":
    made = asyncio.run(tick(UUID(sys.argv[1]), datetime.fromisoformat(sys.argv[2])))
    sys.stdout.write(f"{made}\n")
