"""One case, played: the same moves as a run at Prefect makes, without Prefect.

Each answered gate is a pick-up of its own, as it is there: everything is read anew from the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from adapters.shared import clock
from engine.cases import Case, Decision
from engine.decision import Answer
from engine.errors import Refused, RunbookError
from engine.execution import perform, take_back
from engine.job import Desk, Job, Patience
from engine.ledger import Actor, Draft, Event
from engine.plan import Plan
from engine.progress import AskPerson
from engine.state import Outcome, RunState
from engine.stopped import PUBLISHES
from engine.watching import watch
from flows.asking import open_gate, settle
from flows.beforehand import rely_on_preapproval
from flows.sailing import sail
from flows.voyage import Voyage, enter
from rehearsal.filling import filled
from rehearsal.people import VIA, People
from rehearsal.platform import Rehearsed
from rehearsal.worlds import World

MOST_PICK_UPS = 200
HOLDER = "somebody else"
"""Who started the runs that hold what a case says is held."""


class _AtGate(Exception):
    """The run would be suspended here."""


@dataclass(frozen=True)
class Played:
    """What became of a case."""

    run: str
    end: str
    """As in `engine.cases.End`, or `stuck` where nobody said what follows."""
    why: str = ""
    """Why it did not start, or is stuck."""
    plan: Plan | None = None


@dataclass
class Play:
    """One case in its world."""

    case: Case
    runbook: str
    inputs: Mapping[str, Any]
    """As the case file has them, with references to the world."""
    platform: Rehearsed
    world: World
    people: People
    run: str = field(default_factory=lambda: str(uuid4()))
    lines: list[str] = field(default_factory=list)
    """What the run would have said to its log."""
    begun: set[int] = field(default_factory=set)
    """Numbers of the troubles that have begun."""
    waiting: dict[str, int] = field(default_factory=dict)
    """Numbers of those that strike requests and have struck none yet, by the sandbox's names."""
    answer: Answer | None = None
    """What somebody has said at the gate that is open."""

    def play(self) -> Played:
        """Bring the run as far as the case says."""
        try:
            self.reach("")
            plan = self.platform.plan(self.runbook, filled(self.inputs, self.world))
        except RunbookError as error:
            return Played(self.run, "refused", error.message)
        voyage = self._voyage(plan)
        self._hold(voyage)
        self._stop(voyage)
        try:
            desk = voyage.desk
            findings = self.platform.preflight(plan, desk.redact, desk.patience, desk.report)
            enter(voyage, Actor(self.case.started_by, via=VIA), findings)
        except RunbookError as error:
            return Played(self.run, "refused", error.message, plan)
        rely_on_preapproval(voyage)
        try:
            return Played(self.run, self._sail(plan, voyage), plan=plan)
        except RunbookError as error:
            return Played(self.run, "stuck", error.message, plan)

    def reach(self, step: str) -> None:
        """Let begin what goes wrong from this step's turn on; empty for the beginning."""
        for number, trouble in enumerate(self.case.troubles):
            if trouble.from_ == step and number not in self.begun:
                self.begun.add(number)
                if name := self.world.trouble(trouble.request()):
                    self.waiting[name] = number

    def make(self, voyage: Voyage, job: Job, *, interrupted: bool) -> None:
        """Perform a step, or take it back."""
        if job.back:
            take_back(job)
            return
        self.reach(job.step.id)
        perform(job, interrupted=interrupted)

    def ask(self, voyage: Voyage, state: RunState, move: AskPerson) -> None:
        """Open a gate and leave, or take the answer that is there."""
        if state.opening is not None and self.answer is not None:
            settle(voyage, state, state.opening, self.answer)
            self.answer = None
            return
        self.reach(move.step.id)
        open_gate(voyage, state, move)
        raise _AtGate

    def keep_record(self, voyage: Voyage, *, over: bool = False) -> None:
        """Show nothing: who rehearses reads the ledger."""

    def idle(self) -> set[int]:
        """Return the numbers of the troubles that have begun and then struck no request."""
        for name in self.world.struck():
            self.waiting.pop(name, None)
        return set(self.waiting.values())

    def _hold(self, voyage: Voyage) -> None:
        """Let runs of somebody else be live that work on what the case says is held."""
        for secret in self.case.held:
            self._others(voyage, secret)

    def _stop(self, voyage: Voyage) -> None:
        """Let runs of somebody else have been stopped after they had published, as the case says."""
        for secret in self.case.stopped:
            other = self._others(voyage, secret)
            published = next(step.id for step in other.plan.steps if step.uses == PUBLISHES)
            begun = Draft(
                other.run, Event.STEP_STARTED, step=published, attempt=1, plan=other.plan.digest
            )
            other.desk.journal.append(begun)
            other.end(other.state(), Outcome.STOPPED)

    def _others(self, voyage: Voyage, secret: str) -> Voyage:
        """Begin the same run of somebody else, for another secret."""
        known = self.platform.catalogue
        both = {"identifier": known.identifier_of(secret), "beside": known.beside_of(secret)}
        plan = voyage.plan.model_copy(update={"secret": secret, **both})
        other = replace(voyage, run=str(uuid4()), plan=plan)
        enter(other, Actor(HOLDER, via=VIA), {})
        return other

    def _sail(self, plan: Plan, voyage: Voyage) -> str:
        for _ in range(MOST_PICK_UPS):
            try:
                return sail(voyage, self).value
            except _AtGate:
                if not self._decide(plan, voyage):
                    return "waiting"
            voyage = self._voyage(plan)
            enter(voyage, voyage.state().initiator, {})
        raise Refused(f"the run was not over after {MOST_PICK_UPS} gates")

    def _decide(self, plan: Plan, voyage: Voyage) -> bool:
        """Let somebody answer the gate that is open; tell whether the run goes on."""
        state = voyage.state()
        assert state.opening is not None
        decision = self.people.next(state.opening)
        if decision.decide == "wait":
            return False
        self._mend(decision)
        if decision.decide == "expire":
            late = datetime.fromisoformat(state.opening.expires) + timedelta(seconds=1)
            watch(voyage.desk.journal, late)
            return True
        self.answer = self.people.answer(plan, state, state.opening, decision)
        return True

    def _mend(self, decision: Decision) -> None:
        if decision.mend:
            self.idle()  # what is mended is not listed any more
            begun = [t.request() for n, t in enumerate(self.case.troubles) if n in self.begun]
            self.world.mend([request for request in begun if "knob" in request])

    def _voyage(self, plan: Plan) -> Voyage:
        return Voyage(self.run, self.platform, self._desk(), plan)

    def _desk(self) -> Desk:
        return replace(
            self.platform.desk(),
            report=self.lines.append,
            patience=Patience(sleep=clock.sleep),
        )


def trail(platform: Rehearsed, run: str) -> tuple[str, ...]:
    """Return the run's entries, a line each: step, event, who, and why."""
    told = []
    for entry in platform.journal.entries(run):
        why = entry.details.get("message") or entry.details.get("why") or ""
        who = "" if entry.event is Event.STEP_STARTED else entry.actor.subject
        told.append(" ".join(f"{entry.step or '-'} {entry.event.value} {who} {why}".split()))
    return tuple(told)
