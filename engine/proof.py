"""The proof that a new value works, looked at once more in the moment the old one is to end.

A proof is as old as the gate after it, which may be hours: meanwhile a rollout can be reverted, a
colleague can change a store, a service can break. What was carried out and verified before must
still hold, or the old value stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.errors import NotConverged, Refused
from engine.job import Job, prepared
from engine.ledger import Event
from engine.state import Status
from engine.step import Ask, Awaited, Done, Effect, NotYet, Once, Repeatable

LOOKED_AT = (Effect.STORE, Effect.DISTRIBUTE, Effect.VERIFY)
"""What must still stand as it was brought about: both stores, what carries them out, the proof."""


def renew_proofs(job: Job) -> dict[str, str]:
    """Return what each earlier step is found to be now: step id to evidence.

    For a step that revokes or cuts over; empty for any other. Raises `Refused` where one does not hold any
    more. What a person vouched for is not asked again, and what nobody can look at is left out.
    """
    if job.step.effect not in (Effect.REVOKE, Effect.CUTOVER):
        return {}
    ended = "revoked" if job.step.effect is Effect.REVOKE else "replaced"
    return {earlier.step.id: _renewed(earlier, ended) for earlier in _provable(job)}


def _provable(job: Job) -> Iterator[Job]:
    for step in job.plan.steps[: job.plan.index(job.step.id)]:
        held, declared = job.state.step(step.id), job.desk.registry[step.uses]
        if held.status is not Status.DONE or held.how is Event.FAILURE_DECIDED:
            continue
        by_look = not isinstance(declared.probe, Repeatable | Once)
        again = isinstance(declared.probe, Repeatable) and declared.ask is Ask.NOTHING
        arrived = isinstance(declared.undo, Awaited)
        if (by_look and (step.effect in LOOKED_AT or arrived)) or (
            again and step.effect is Effect.VERIFY
        ):
            yield replace(job, step=step)


def _renewed(job: Job, ended: str) -> str:
    params, call = prepared(job)
    probe = job.declared.probe
    try:
        found = (
            job.declared.run(params, call)
            if isinstance(probe, Repeatable | Once)
            else probe(params, call)
        )
    except (Refused, NotConverged) as error:
        found = NotYet(error.message)
    if isinstance(found, Done):
        return job.desk.redact(found.evidence)
    seen = found.finding if isinstance(found, NotYet) else found.because
    raise Refused(
        f"nothing was {ended}: `{job.step.id}` was done and does not hold any more: {seen}",
        hint="Mend it, then retry; or roll back while that is still possible.",
    )
