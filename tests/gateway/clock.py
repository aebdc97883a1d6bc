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


async def tick(deployment: UUID, since: datetime) -> UUID:
    """Make the first run that is due after `since`, and return its id."""
    make: Any = schedule_runs
    async with provide_database_interface().session_context(begin_transaction=True) as session:
        [made] = await make(session=session, deployment_id=deployment, start_time=since, max_runs=1)
        return UUID(str(made))


if __name__ == "__main__":
    made = asyncio.run(tick(UUID(sys.argv[1]), datetime.fromisoformat(sys.argv[2])))
    sys.stdout.write(f"{made}\n")
