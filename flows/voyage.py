"""One pick-up of one run: its plan, its place in the ledger, and how to move it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from adapters.platform import Platform
from engine.difference import differences
from engine.errors import superseded
from engine.fold import fold
from engine.job import Desk, Job
from engine.journal import Journal, resources_of
from engine.ledger import Actor, Draft, Event
from engine.plan import Plan, PlannedStep
from engine.present import Present, present
from engine.state import Outcome, RunState


@dataclass
class Standing:
    """How far a run has been read out of the ledger, which only grows, and where it stood there."""

    state: RunState
    place: int = 0
    """Sequence of the last entry that was read."""
    attempt: int = 0
    """The attempt that is this process's own; 0 before it has one."""

    def follow(self, journal: Journal) -> RunState:
        """Read what has come since, and return where the run stands now.

        Raises `Superseded` once a newer attempt than this process's own has begun. Whoever read on
        would take that attempt for its own, and the ledger could not tell the two processes apart.
        """
        come = journal.entries(self.state.run, after=self.place)
        if come:
            self.state, self.place = fold(self.state.run, come, self.state), come[-1].sequence
        if 0 < self.attempt < self.state.attempt:
            raise superseded(self.state.run, self.state.attempt, self.attempt)
        return self.state


@dataclass(frozen=True)
class Voyage:
    """A run in the hands of this process."""

    run: str
    platform: Platform
    desk: Desk
    plan: Plan

    @cached_property
    def _standing(self) -> Standing:
        return Standing(RunState(self.run))

    def state(self) -> RunState:
        """Return where the run stands by the ledger as it is now.

        Raises `Superseded` if this process has entered the run and another one has since.
        """
        return self._standing.follow(self.desk.journal)

    def present(self) -> Present:
        """Return what time it is, and whether changes are frozen."""
        return present(datetime.now(UTC), self.platform.freezes)

    def job(self, step: PlannedStep, *, back: bool = False) -> Job:
        """Return one step of the run, ready to be performed."""
        return Job(self.desk, self.plan, self.state(), step, back)

    def take_over(self, draft: Draft, hold: Sequence[str] = ()) -> None:
        """Record the entry by which the attempt of `draft` is this process's own from now on."""
        self.desk.journal.append(draft, hold=hold)
        self._standing.attempt = draft.attempt

    def append(self, event: Event, state: RunState, **details: Any) -> None:
        """Record something the engine itself did."""
        self.desk.journal.append(
            Draft(
                run=self.run,
                event=event,
                attempt=state.attempt,
                plan=self.plan.digest,
                details=details,
            ),
            end=event is Event.RUN_ENDED,
        )

    def end(self, state: RunState, outcome: Outcome) -> None:
        """Record how the run ended; what it held is free, and its sealed values are gone."""
        self.append(Event.RUN_ENDED, state, outcome=outcome.value)


def enter(
    voyage: Voyage,
    actor: Actor,
    findings: Mapping[str, str],
    told: Mapping[str, Any] = MappingProxyType({}),
) -> RunState:
    """Take the run over: start it, or pick it up where the ledger says it stands.

    `actor` is who started the run, or had it picked up again. `told` is what the trail shall say
    about this pick-up: where, why, and the signed word that vouches for the actor.
    Raises `Locked` when another live run works on the same secret, `Superseded` when another
    process took this one at the same moment.
    """
    state, plan = voyage.state(), voyage.plan
    if state.attempt == 0:
        voyage.take_over(
            Draft(
                run=voyage.run,
                event=Event.RUN_STARTED,
                actor=actor,
                attempt=1,
                plan=plan.digest,
                details={
                    "runbook": plan.runbook,
                    "title": plan.title,
                    "secret": plan.secret,
                    **({"about": plan.about} if plan.about else {}),
                    **({"identifier": plan.identifier} if plan.identifier else {}),
                    **({"beside": plan.beside} if plan.beside else {}),
                    "plan": plan.text(),
                    "preflight": dict(findings),
                    **told,
                },
            ),
            hold=resources_of(plan.secret, plan.about, plan.identifier, plan.beside),
        )
        return voyage.state()
    if state.outcome is None:
        _pick_up(voyage, state, actor, told)
    return voyage.state()


def _pick_up(voyage: Voyage, state: RunState, actor: Actor, told: Mapping[str, Any]) -> None:
    plan = voyage.plan
    resumed = Draft(
        run=voyage.run,
        event=Event.RUN_RESUMED,
        actor=actor,
        attempt=state.attempt + 1,
        plan=state.plan,
        details=told,
    )
    voyage.take_over(resumed)
    state = voyage.state()
    if state.plan != plan.digest:
        voyage.append(
            Event.PLAN_CHANGED,
            state,
            plan=plan.text(),
            before=state.plan,
            changes=list(_changes(state.plan_text, plan)),
        )


def _changes(before: str, plan: Plan) -> tuple[str, ...]:
    """Say what changed since the plan that was approved, as far as it can still be read."""
    try:
        return differences(Plan.model_validate_json(before), plan)
    except ValidationError:
        return ("the engine was renewed and cannot compare the plans: read this one anew",)
