"""What a step has left behind, also one that never came to its end, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from engine.errors import Refused
from engine.job import Job, opened
from engine.step import Done, NotYet, Unclear
from engine.values import step_outputs


def left_behind(job: Job, look: Callable[[], Done[Any] | NotYet | Unclear]) -> BaseModel | NotYet:
    """Return the outputs of the step, or that it had no effect.

    The ledger has them if the step came to its end. One that failed on its way may have had its
    effect all the same, which only a look outside can tell. Raises `Refused` where it cannot.
    """
    declared, held = job.declared, job.state.step(job.step.id)
    needed = any(field.is_required() for field in declared.outputs.model_fields.values())
    if held.outputs or held.sealed or not needed:
        return step_outputs(declared, job.step.id, job.state, opened(job))
    found = look()
    if isinstance(found, Unclear):
        raise Refused(
            f"{job.step.name} never ended, and what it did is unclear: {found.because}",
            hint="Look for yourself and put it right; then say here that it is done by hand.",
        )
    return found.outputs if isinstance(found, Done) else found.left or found
