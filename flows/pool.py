"""The work pool that runbooks are deployed to."""

from __future__ import annotations

from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from flows.door import connected


def make_pool(name: str) -> None:
    """Make a work pool of processes under this name, unless there is one."""
    from prefect.workers.process import ProcessWorker  # noqa: PLC0415 - takes a second to import

    with connected() as client:
        try:
            client.create_work_pool(
                WorkPoolCreate(
                    name=name,
                    type="process",
                    base_job_template=ProcessWorker.get_default_base_job_template(),
                )
            )
        except ObjectAlreadyExists:
            return
