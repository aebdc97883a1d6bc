"""A run without Prefect: the engine's moves made in this process, and cut off where a test says.

A cut is an exception that nothing of the engine catches, raised at a write to the ledger, so that
what follows is never done; the next pick-up starts from the ledger alone, as after a death. It finds
faults in seconds that the matrix then looks for with real deaths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, assert_never

from pydantic import SecretStr

from engine.decision import Answer, Question, judge
from engine.errors import RunbookError
from engine.execution import perform, take_back
from engine.job import Desk, Patience, prepared
from engine.journal import Journal
from engine.ledger import Actor, Draft, Entry, Event, timestamp
from engine.preflight import preflight
from engine.progress import AskPerson, End, Perform, TakeBack, next_move
from engine.state import Kind, Opening, Outcome
from engine.step import Ask
from engine.watching import times
from flows.voyage import Voyage as Trip
from flows.voyage import enter
from tests.crash.hands import ROTATED_BY
from tests.crash.people import begin_fault, brought, comment_of, decision_of, who_decides
from tests.crash.trouble import end_trouble
from tests.crash.voyage import Voyage

RUN = "00000000-0000-4000-8000-00000000057a"
MOST_MOVES = 60


class CutOff(BaseException):
    """The end of a pick-up in the middle of it."""


@dataclass
class Cutting:
    """A ledger that ends the pick-up at one of its writes."""

    journal: Journal
    at: int
    """Which write, from 1; 0 for none."""
    after: bool
    """Whether the entry is there by then."""
    written: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def append(self, draft: Draft, **options: Any) -> Entry:
        """Write an entry, and cut off before or after it if it is the one."""
        self.written += 1
        is_it = self.written == self.at
        if is_it and not self.after:
            raise CutOff
        entry = self.journal.append(draft, **options)
        if is_it:
            raise CutOff
        return entry


def stroll(voyage: Voyage, at: int = 0, *, after: bool = True) -> int:
    """Bring the run on until it ends or is cut off; return how many entries this pick-up wrote.

    Raises `CutOff` where it was cut.
    """
    voyage.run = RUN
    platform = voyage.platform
    plan = platform.plan(voyage.case.runbook, voyage.hands.inputs)
    cutting = Cutting(platform.journal, at, after)
    desk: Desk = replace(
        platform.desk(),
        journal=cutting,
        patience=Patience(sleep=lambda _: None),
        report=lambda _: None,
        open_run=lambda runbook, inputs, key: f"run-of-{key}",
    )
    trip = Trip(RUN, platform, desk, plan)
    findings: Mapping[str, str] = {}
    if trip.state().attempt == 0:
        findings = preflight(plan, desk.registry, desk.redact)
    enter(trip, Actor(ROTATED_BY), findings)
    for _ in range(MOST_MOVES):
        state = trip.state()
        match next_move(plan, state, desk.registry, trip.present()):
            case Perform(step, interrupted):
                perform(trip.job(step), interrupted=interrupted)
            case TakeBack(step):
                take_back(trip.job(step, back=True))
            case AskPerson() as move:
                _pass(voyage, trip, move)
            case End(outcome):
                if state.outcome is None:
                    trip.end(state, outcome)
                return cutting.written
            case other:
                assert_never(other)
    message = f"the run is not over after {MOST_MOVES} moves"
    raise AssertionError(message)


def _pass(voyage: Voyage, trip: Trip, move: AskPerson) -> None:
    """Open the gate, and answer it as the people of the case do."""
    state = trip.state()
    opening = state.opening or _opened(trip, move)
    state = trip.state()
    job = trip.job(trip.plan.step(opening.step), back=opening.kind is Kind.UNDO)
    if opening.kind is Kind.FAILURE:
        voyage.verdict.failure_gates += 1
        end_trouble(voyage)
    try:
        params = prepared(job)[0]
    except RunbookError:
        params = None
    name = who_decides(voyage, opening)
    actor = Actor(name, groups=voyage.platform.people.groups_of(name), via="crash test")
    asks_value = opening.kind is Kind.STEP and job.declared.ask is Ask.SEALED_VALUE
    sealed = trip.desk.seal.close(SecretStr(brought(voyage))) if asks_value else ""
    said = decision_of(voyage, opening), comment_of(voyage, opening)
    answer = Answer(actor, *said, sealed_value=sealed)
    begin_fault(voyage, opening)
    question = Question(
        trip.plan,
        state,
        opening,
        trip.desk.registry,
        trip.desk.seal,
        params,
        present=trip.present(),
    )
    verdict = judge(question, answer, datetime.now(UTC))
    trip.desk.journal.append(verdict.draft, seal=verdict.seal, upon=opening.number)


def _opened(trip: Trip, move: AskPerson) -> Opening:
    state, now = trip.state(), datetime.now(UTC)
    clock = times(move.step.gate or trip.plan.gate, now)
    told = {"opening": state.openings + 1, "kind": move.kind.value, **clock}
    more = {"found": "", "groups": [], "approvals": 1, "shown": ""}
    trip.desk.journal.append(
        Draft(
            run=trip.run,
            event=Event.GATE_OPENED,
            step=move.step.id,
            attempt=state.attempt,
            plan=trip.plan.digest,
            details={**told, **more},
        )
    )
    opening = trip.state().opening
    assert opening is not None, f"the gate of {timestamp(now)} is not open"
    return opening


__all__ = ["RUN", "CutOff", "Outcome", "stroll"]
