"""Acting on a resource alone: two runs may wait at gates together, but not push or restart at once.

The right is a lease in the ledger: it ends by itself, so that a runner that died cannot block the
others for ever, and it has a number, so that a runner that outlived its lease is fenced when it
tries to record what it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydantic import BaseModel

from engine.errors import Locked
from engine.job import Job
from engine.step import Call

LOOK_EVERY = 0.5
"""Seconds between two looks whether the resource is free."""
LONGEST_QUEUE = 900.0
"""Seconds a step waits for its turn before a person is asked."""


@contextmanager
def exclusively(job: Job, params: BaseModel, call: Call) -> Iterator[Mapping[str, int]]:
    """Hold what the step must have to itself; yield the leases, by resource.

    Raises `Locked` when another run does not let go of it within `LONGEST_QUEUE`.
    """
    if job.declared.exclusive is None:
        yield {}
        return
    wanted = job.declared.exclusive(params)
    held: dict[str, int] = {}
    try:
        for resource in sorted(wanted.resources):  # in one order, so that no two wait in a ring
            held[resource] = _wait(job, resource, wanted.seconds, call)
        yield held
    finally:
        for resource, number in held.items():
            job.desk.journal.give_back(resource, job.state.run, number)


def _wait(job: Job, resource: str, seconds: float, call: Call) -> int:
    journal, run = job.desk.journal, job.state.run
    for look in range(int(LONGEST_QUEUE / LOOK_EVERY)):
        number = journal.lease(resource, run, seconds=seconds)
        if number is not None:
            return number
        if look == 0:
            call.report(f"waits for its turn at {resource}: {journal.lease_holder(resource)}")
        job.desk.patience.sleep(LOOK_EVERY)
    raise Locked(
        f"{resource} was not free for {LONGEST_QUEUE:g} s: {journal.lease_holder(resource)}",
        hint="See what that run is doing, then retry.",
    )
