"""A run at Prefect: it enters its flow run, and makes its moves there, until there is none or it waits."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import Abort
from prefect.logging import get_run_logger

from adapters.platform import Platform, open_platform
from engine.errors import RunbookError, Superseded
from engine.execution import perform, take_back
from engine.job import Job
from engine.ledger import SCHEDULE
from engine.plan import Plan
from engine.progress import AskPerson
from engine.state import Outcome, RunState
from flows.beforehand import rely_on_preapproval
from flows.core_files import forbid_core_files
from flows.evidence import Start, claimed, initiator, start_of
from flows.form import REQUESTED_BY
from flows.gate import pass_gate
from flows.masking import RunFailed, masked
from flows.moves import cause
from flows.opening import open_run
from flows.record import publish_record
from flows.retried import retried
from flows.sailing import sail
from flows.voyage import Voyage, enter
from flows.whereabouts import Wish, refusals_recorded, whereabouts

LOGGER = "runbook"
"""How the logger of the engine's own lines is named, below Prefect's for flow and task runs."""


RECORD_SECONDS = 1.0
"""Steps that follow each other within so long share one version of the run's record; a gate and the end
write it in any case."""
RECORD_PAUSE = 9.0
"""How many times as long as it took to write the record it is left alone: that of a run of a thousand
steps is long, and would be most of what the run does."""


class StepFailed(RunFailed):
    """What Prefect is told of a failed step; the flow goes on to its failure gate."""


def run_runbook(name: str, parameters: Mapping[str, Any]) -> None:
    """Run, or resume, the runbook in the current Prefect flow run."""
    superseded = False
    try:
        masked("the run", lambda: _run(name, parameters))
    except RunbookError as error:
        told, superseded = str(error), isinstance(error, Superseded)
    else:
        return
    if superseded:  # the run is another process's, and so is what Prefect is told of it
        _logger().warning("this process ends without a word to Prefect: %s", told)
        raise Abort(told)
    raise RunFailed(told)  # outside `except`: Prefect stores the whole chain of exceptions


def _run(name: str, parameters: Mapping[str, Any]) -> None:
    forbid_core_files()
    given = dict(parameters)
    requested_by = str(given.pop(REQUESTED_BY, ""))
    platform = open_platform()
    run, start = str(_flow_run().id), start_of(_flow_run())
    wants = SCHEDULE if start.schedule else claimed(platform, requested_by, "prefect")
    with refusals_recorded(platform, run, name, wants) as wish:
        plan = platform.plan(name, given)
        voyage = Voyage(run, platform, _desk(platform), plan)
        state = voyage.state()
        is_new = state.attempt == 0
        findings: Mapping[str, str] = {}
        proof: Mapping[str, Any]
        if is_new:
            proof = _begin(voyage, start, requested_by, wish)
            findings = _preflight(voyage, plan)
        else:
            why = cause(platform, _flow_run(), voyage.desk.journal.entries(run))
            wish.actor, proof = why.actor, why.told
        state = enter(voyage, wish.actor, findings, {**whereabouts(platform), **proof})
    begun = "started" if is_new else "picked up again"
    _logger().info(state.line(f"{name} is {begun}"))
    if is_new:
        rely_on_preapproval(voyage)
    outcome = sail(voyage, _AtPrefect())
    _say_end(voyage.state(), outcome)


def _begin(voyage: Voyage, start: Start, requested_by: str, wish: Wish) -> Mapping[str, Any]:
    """Say in `wish` who starts the run, and return the proof; raise `Refused` if it may not begin."""
    starter, proof = initiator(voyage, start, requested_by)
    again = retried(voyage.platform, _flow_run())
    if again is not None:
        wish.actor = again.actor
        takes_claims = voyage.platform.settings.engine.accept_claimed
        again.refuse_unless_own(starter, takes_claims=takes_claims)
    wish.actor = starter
    return {**proof, **(again.told() if again else {})}


class _AtPrefect:
    """The moves of a run as Prefect shows them: a step is a task run, and a gate suspends the run."""

    def __init__(self) -> None:
        self._next_record = -math.inf

    def make(self, voyage: Voyage, job: Job, *, interrupted: bool) -> None:
        """Perform the step, or take it back, as a task run of its own."""
        _as_task(voyage, job, interrupted=interrupted)

    def ask(self, voyage: Voyage, state: RunState, move: AskPerson) -> None:
        """Pass the gate, or suspend the run."""
        _ask(voyage, state, move)

    def keep_record(self, voyage: Voyage, *, over: bool = False) -> None:
        """Write the run's artifact anew; where steps follow each other fast, not for each of them."""
        began = time.monotonic()
        if over or began >= self._next_record:
            publish_record(voyage)
            ended = time.monotonic()
            self._next_record = ended + max(RECORD_SECONDS, RECORD_PAUSE * (ended - began))


def _ask(voyage: Voyage, state: RunState, move: AskPerson) -> None:
    """Pass a gate, saying what came of it; does not return where the run is suspended."""
    opening = state.opening
    step = opening.step if opening else move.step.id
    if opening is None:
        _logger().info(state.line(f"a person is asked, gate {state.openings + 1}", step))
    pass_gate(voyage, move)
    last = voyage.desk.journal.entries(voyage.run)[-1]
    _logger().info(state.line(f"gate {state.openings} is answered: {last.event.value}", step))


def _as_task(voyage: Voyage, job: Job, *, interrupted: bool = False) -> None:
    """Perform one step as a Prefect task run named after it; nothing goes in, nothing comes out."""
    suffix = "-undo" if job.back else ""

    @task(
        name=job.step.id + suffix,
        task_run_name=job.step.id + suffix,
        description=job.declared.summary,
        persist_result=False,
        cache_policy=NO_CACHE,
        retries=0,
        log_prints=False,
    )
    def step() -> None:
        masked("the step", act)

    def act() -> None:
        log = _logger()
        log.info(job.line(f"{job.step.uses} {'is taken back' if job.back else 'begins'}"))
        here = replace(job, desk=replace(job.desk, report=log.info))
        failed = take_back(here) if job.back else perform(here, interrupted=interrupted)
        if failed is not None:
            log.error(job.line(f"failed: {failed.message}"))
            raise StepFailed(failed.message)
        now = voyage.state().step(job.step.id)
        log.info(job.line(f"{now.status.value}: {now.evidence}"))

    try:
        step()
    except StepFailed:
        return  # the ledger knows; the next move is its failure gate


def _preflight(voyage: Voyage, plan: Plan) -> dict[str, str]:
    """Run every check that can fail before anything has happened, as one task run."""

    @task(
        name="preflight",
        task_run_name="preflight",
        persist_result=False,
        cache_policy=NO_CACHE,
        retries=0,
        log_prints=False,
    )
    def look() -> None:
        masked("the preflight", act)

    def act() -> None:
        desk = voyage.desk
        findings.update(voyage.platform.preflight(plan, desk.redact, desk.patience, desk.report))

    findings: dict[str, str] = {}
    look()
    return findings


def _desk(platform: Platform) -> Any:
    return replace(platform.desk(), report=_logger().info, open_run=open_run)


def _flow_run() -> FlowRun:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RunFailed("a runbook runs as a Prefect flow run, and there is none here")
    return context.flow_run


def _logger() -> Any:
    """Return the log of the flow or task run in hand, under a name by which its lines are known."""
    return get_run_logger().getChild(LOGGER)  # type: ignore[union-attr] # Prefect's own


def _say_end(state: RunState, outcome: Outcome) -> None:
    level = logging.INFO if outcome is Outcome.COMPLETED else logging.WARNING
    _logger().log(level, state.line(f"the run is over: {outcome.value}"))
