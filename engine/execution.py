"""The one path on which every step of every adapter is run, and the one on which it is undone.

probe → already done? say so → does the proof still hold, where an old value is to end? → `started`
into the ledger, durably, before the world is touched → run → probe again → `succeeded`, with new
secrets sealed in the same transaction. Whatever fails leaves by one door: masked, recorded, and
without the original exception attached to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.errors import (
    Fenced,
    LedgerDown,
    NotConverged,
    OutcomeUnknown,
    Refused,
    RunbookError,
    Transient,
    superseded,
)
from engine.exclusion import exclusively
from engine.job import Job, prepared, teach
from engine.ledger import Event
from engine.proof import renew_proofs
from engine.secrets import split_outputs
from engine.step import (
    Again,
    AnyStep,
    Awaited,
    Call,
    Done,
    Irreversible,
    NotYet,
    Once,
    Repeatable,
    Unclear,
    Untouched,
)
from engine.surprise import WITHHELD, surprise
from engine.undoing import left_behind


@dataclass(frozen=True)
class Failed:
    """A step that did not reach its goal, told so that it may be shown and stored."""

    error: str
    """Name of the error's class."""
    message: str
    hint: str
    unknown: bool


def perform(job: Job, *, interrupted: bool = False) -> Failed | None:
    """Bring the step to its goal; return None, or how it failed. The ledger knows either way.

    Raises `Fenced` and `LedgerDown`, after which nothing more may be done.
    """
    return _guarded(job, Event.STEP_FAILED, lambda: _perform(job, interrupted))


def take_back(job: Job) -> Failed | None:
    """Undo the step; return and raise as `perform` does."""
    return _guarded(job, Event.UNDO_FAILED, lambda: _take_back(job))


def _guarded(job: Job, event: Event, body: Callable[[], None]) -> Failed | None:
    try:
        body()
    except (Fenced, LedgerDown):
        raise
    except RunbookError as error:
        failed = _told(job, error)
    except Exception as error:  # noqa: BLE001 - the one door: any fault is masked and recorded
        failed = _surprise(error)
    else:
        return None
    job.desk.journal.append(
        job.draft(
            event,
            error=failed.error,
            message=failed.message,
            hint=failed.hint,
            unknown=failed.unknown,
        )
    )
    return failed


def _told(job: Job, error: RunbookError) -> Failed:
    redact = job.desk.redact
    return Failed(
        type(error).__name__,
        redact(error.message),
        redact(error.hint),
        unknown=isinstance(error, OutcomeUnknown),
    )


def _surprise(error: Exception) -> Failed:
    """Tell of a fault in our own code without a word of its text."""
    return Failed(type(error).__name__, surprise("the step", error), WITHHELD, unknown=True)


def _perform(job: Job, interrupted: bool) -> None:
    declared = job.declared
    params, call = prepared(job)
    if interrupted and isinstance(declared.probe, Once):
        raise OutcomeUnknown(
            f"{job.step.name} was started and cut off: {declared.probe.because}",
            hint="Look for yourself, then mark it done or retry.",
        )
    found = _patiently(job, call, lambda: _probe(declared, params, call))
    if isinstance(found, Done):
        _record(job, Event.STEP_FOUND_DONE, found)
        return
    if isinstance(found, Unclear):
        raise OutcomeUnknown(found.because, hint="Nothing was changed; look for yourself.")
    with exclusively(job, params, call) as under:
        told: dict[str, Any] = {"found": job.desk.redact(found.finding)} if found.finding else {}
        proofs = _patiently(job, call, lambda: renew_proofs(job))
        if proofs:
            told["proofs"] = proofs
        draft = job.draft(Event.STEP_STARTED, key=call.key, **told)
        started = job.desk.journal.append(draft, under=under)
        call = replace(call, head=started.hash)
        _record(job, Event.STEP_SUCCEEDED, _run_patiently(job, params, call), under)


def _probe(declared: AnyStep, params: BaseModel, call: Call) -> Done[Any] | NotYet | Unclear:
    if isinstance(declared.probe, Repeatable | Once):
        return NotYet("")
    found: Done[Any] | NotYet | Unclear = declared.probe(params, call)
    return found


def _run_patiently(job: Job, params: BaseModel, call: Call) -> Done[Any]:
    """Run with patience; before a step is run once more it is looked whether that is still needed."""
    declared = job.declared
    if isinstance(declared.probe, Once):
        return _run_once(declared, params, call)
    tried = False

    def run() -> Done[Any]:
        nonlocal tried
        found = _probe(declared, params, call) if tried else NotYet("")
        tried = True
        if isinstance(found, Done):
            return found
        if isinstance(found, Unclear):
            raise NotConverged(found.because, hint="It was started; look for yourself.")
        return _run_and_look(declared, params, call)

    return _patiently(job, call, run)


def _run_once(declared: AnyStep, params: BaseModel, call: Call) -> Done[Any]:
    """Run a step that nobody can look after; what got lost there is not repeated unasked."""
    try:
        done: Done[Any] = declared.run(params, call)
    except (Transient, OutcomeUnknown) as error:
        message, hint = error.message, error.hint
    else:
        return done
    raise OutcomeUnknown(message, hint=hint or "It may have happened; look before repeating it.")


T = TypeVar("T")


def _patiently(job: Job, call: Call, action: Callable[[], T]) -> T:
    """Return what `action` gives; wait out what is transient, as long as the run is still ours."""
    return job.desk.patience.sit_out(action, call.report, lambda: _refuse_superseded(job))


def _refuse_superseded(job: Job) -> None:
    """Raise `Superseded` where the run was picked up by another process while this one waited."""
    newest = max(entry.attempt for entry in job.desk.journal.entries(job.state.run))
    if newest > job.state.attempt:
        raise superseded(job.state.run, newest, job.state.attempt)


def _run_and_look(declared: AnyStep, params: BaseModel, call: Call) -> Done[Any]:
    """Run once and look again; what an earlier lost answer already brought about is not repeated."""
    try:
        done: Done[Any] = declared.run(params, call)
    except OutcomeUnknown:
        found = _probe(declared, params, call)
        if isinstance(found, Done):
            return found
        raise
    found = _probe(declared, params, call)
    if isinstance(found, Done) or isinstance(declared.probe, Repeatable | Once):
        return done
    seen = found.finding if isinstance(found, NotYet) else found.because
    raise NotConverged(
        f"{declared.name} ended, and a second look still finds: {seen}",
        hint="Somebody or something may be working against it.",
    )


def _take_back(job: Job) -> None:
    params, call = prepared(job)
    with exclusively(job, params, call) as under:
        started = job.desk.journal.append(job.draft(Event.UNDO_STARTED, key=call.key), under=under)
        call = replace(call, head=started.hash)
        undone = _undone(job, params, call)
        job.desk.journal.append(
            job.draft(
                Event.UNDO_SUCCEEDED,
                outputs=undone.outputs,
                evidence=job.desk.redact(undone.evidence),
                **({} if undone.had_effect else {"had_effect": False}),
            ),
            under=under,
        )


@dataclass(frozen=True)
class _Undone:
    outputs: Mapping[str, Any]
    """What it leaves, without secrets."""
    evidence: str
    had_effect: bool = True


def _undone(job: Job, params: BaseModel, call: Call) -> _Undone:
    """Take back what the step did."""
    declared = job.declared
    look = partial(_probe, declared, params, call)
    match declared.undo:
        case Irreversible(because) | Untouched(because):
            raise Refused(f"{job.step.name} cannot be undone: {because}")
        case Again():
            found = _patiently(job, call, look)
            done = found if isinstance(found, Done) else _run_patiently(job, params, call)
            return _Undone(split_outputs(done.outputs)[0], done.evidence)
        case Awaited(wait=wait):
            return _Undone({}, _patiently(job, call, lambda: wait(params, call)))
        case undo:
            forward = replace(call, key=replace(job, back=False).key)  # whose effect is looked for
            before = left_behind(
                job, lambda: _patiently(job, call, lambda: _probe(declared, params, forward))
            )
            if isinstance(before, NotYet):
                words = f"{job.step.name} had no effect to take back: {before.finding}"
                return _Undone({}, words, had_effect=False)
            outputs = _patiently(job, call, lambda: undo(params, before, call))
            return _Undone(split_outputs(outputs)[0], f"{job.step.name} taken back")


def _record(
    job: Job, event: Event, done: Done[Any], under: Mapping[str, int] | None = None
) -> None:
    """Write the end of a step; its secrets are sealed in the same transaction."""
    plain, secrets = split_outputs(done.outputs)
    armour = {name: job.desk.seal.close(value) for name, value in secrets.items()}
    teach(job, secrets.values())
    job.desk.journal.append(
        job.draft(
            event, outputs=plain, sealed=sorted(armour), evidence=job.desk.redact(done.evidence)
        ),
        seal=armour,
        under=under,
    )
