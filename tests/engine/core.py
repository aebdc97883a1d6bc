"""One run of the pure core, driven by chance or by hand, and held to the oracle at each move.

It plays people, steps that succeed, fail or are cut off, and a runbook that is edited; the oracle
beside it counts by its own, simpler rules.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyrage
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import SecretStr

from engine.catalogue import Catalogue, People
from engine.checks import read_runbook
from engine.decision import Answer, Question, Verdict, judge
from engine.fold import fold
from engine.ledger import GENESIS, Actor, Draft, Entry, Event, chain, timestamp, verify
from engine.plan import Plan, make_plan
from engine.progress import AskPerson, End, Perform, TakeBack, next_move
from engine.sealing import Seal
from engine.state import Kind, Opening, Outcome, RunState, Status
from engine.surroundings import Surroundings
from tests.engine.lamp import Lamps, steps
from tests.engine.oracle import is_refused, is_settled, may_decide

PEOPLE = People.model_validate(
    {"groups": {"staff": {"members": ["olga", "otto"]}, "admins": {"members": ["anna", "ada"]}}}
)
NAMES = ["olga", "otto", "anna", "ada", "mallory"]
DRAWN = ["anna", "ada", "anna", "ada", "olga", "otto", "mallory"]
"""Whoever answers; mostly people who may."""
SAID = ["approve", "reject", "skip", "retry", "mark done", "roll back", "stop"]
DECISIONS = {
    Kind.STEP: ["approve", "approve", "reject", "skip"],
    Kind.UNDO: ["approve", "approve", "reject"],
    Kind.FAILURE: ["roll back", "retry", "mark done", "stop"],
}
"""What they say; not all of it is offered everywhere."""
OUTCOMES = ["succeeds"] * 4 + ["fails"] * 2 + ["is cut off", "found done"]
REGISTRY = steps(Lamps())
SEAL = Seal(SecretStr(str(pyrage.x25519.Identity.generate())))
START = datetime(2026, 11, 23, tzinfo=UTC)
TEXT = """\
runbook: try
title: Try
gate: {groups: [staff, admins]}
steps:
  - {id: look, uses: lamp.look, gate: none}
  - {id: light, uses: lamp.light}
  - {id: shine, uses: lamp.shine, may_skip: true}
  - {id: verify, uses: lamp.verify}
  - id: revoke
    uses: lamp.revoke
    gate: {groups: [admins], approvals: 2, initiator_may_approve: false}
"""


def _plan(text: str) -> Plan:
    around = Surroundings(REGISTRY, Catalogue(), PEOPLE, {})
    return make_plan(read_runbook(text, "try.yaml", around)[0], {}, REGISTRY, Catalogue(), {})


ORDER = ["look", "light", "shine", "verify", "revoke"]
PLANS = [_plan(TEXT), _plan(TEXT.replace("lamp.shine,", "lamp.shine, with: {bulb: b},"))]


class Core(RuleBasedStateMachine):
    """One run, driven by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.plan = PLANS[0]
        self.now = START
        self.yes: list[tuple[str, str, tuple[str, ...]]] = []
        """The oracle's own list: plan, who, which steps."""

    @property
    def state(self) -> RunState:
        return fold("r", self.entries)

    def append(self, event: Event, step: str = "", actor: Actor | None = None, **told: Any) -> None:
        self.now += timedelta(seconds=1)
        attempt = self.state.attempt + (event in (Event.RUN_STARTED, Event.RUN_RESUMED))
        draft = Draft("r", event, actor or Actor("engine", "engine"), step, attempt,
                      self.plan.digest, told)  # fmt: skip
        previous = self.entries[-1].hash if self.entries else GENESIS
        self.entries.append(chain(draft, timestamp(self.now), len(self.entries) + 1, previous))

    @initialize(
        by=st.sampled_from(["olga", "otto", "anna"]),
        stop=st.sampled_from([*ORDER, "revoke"]),
        came_to=st.sampled_from(["", "fails", "is cut off"]),
    )
    def begin(self, by: str, stop: str, came_to: str) -> None:
        """Start somewhere on the way, so that chance need not find each step of it."""
        self.append(Event.RUN_STARTED, actor=Actor(by, groups=PEOPLE.groups_of(by)),
                    plan=self.plan.text())  # fmt: skip
        while self._next_step() != stop:
            self._decide("olga", "approve", "verify")
            self._move("succeeds")
        if came_to:
            for name in NAMES:
                self._decide(name, "approve", "")
            self._move(came_to)
        self.everybody_says_everything(hours=0)

    def _next_step(self) -> str:
        move = next_move(self.plan, self.state, REGISTRY)
        return "" if isinstance(move, End) else move.step.id

    @rule()
    def crash(self) -> None:
        self.append(Event.RUN_RESUMED)

    @rule(which=st.sampled_from(PLANS))
    def edit_the_runbook(self, which: Plan) -> None:
        if which != self.plan:
            self.plan = which
            self.append(Event.PLAN_CHANGED, plan=which.text())

    @rule(
        names=st.lists(st.sampled_from(DRAWN), min_size=1, max_size=4),
        choice=st.integers(0, 11),
        through=st.sampled_from(["", "verify", "revoke"]),
    )
    def people_answer(self, names: list[str], choice: int, through: str) -> None:
        for name in names:
            move = next_move(self.plan, self.state, REGISTRY)
            if isinstance(move, AskPerson):
                said = DECISIONS[move.kind]
                self._decide(name, said[choice % len(said)], through)

    def _decide(self, name: str, decision: str, through: str) -> None:
        move = next_move(self.plan, self.state, REGISTRY)
        if not isinstance(move, AskPerson):
            return
        self._open(move)
        opening = self.state.opening
        assert opening is not None
        draft = self._judged(opening, name, decision, through).draft
        self.append(draft.event, opening.step, draft.actor, **draft.details)
        if draft.event is Event.GATE_APPROVED and opening.kind is Kind.STEP:
            self._remember(name, opening.step, through)

    def _judged(self, opening: Opening, name: str, decision: str, through: str) -> Verdict:
        """Judge an answer, and hold it to the oracle if it counts."""
        answer = Answer(Actor(name, groups=PEOPLE.groups_of(name)), decision, "I have seen it",
                        through)  # fmt: skip
        question = Question(self.plan, self.state, opening, REGISTRY, SEAL)
        verdict = judge(question, answer, self.now)
        if verdict.draft.event not in (Event.GATE_REFUSED, Event.GATE_EXPIRED):
            assert timestamp(self.now) <= opening.expires, f"{decision} counts after the expiry"
            may_decide(self.entries, opening, answer)
        return verdict

    @rule(hours=st.sampled_from([0, 25]))
    def everybody_says_everything(self, hours: int) -> None:
        """Judge every answer there could be, and let none of them be given."""
        move = next_move(self.plan, self.state, REGISTRY)
        if isinstance(move, AskPerson):
            self._open(move)
        opening, self.now = self.state.opening, self.now + timedelta(hours=hours)
        for name in NAMES if opening is not None else []:
            for decision in SAID:
                for through in ORDER if decision == "approve" else [""]:
                    assert opening is not None
                    self._judged(opening, name, decision, through)

    def _open(self, move: AskPerson) -> None:
        self._in_order(move)
        asked_anew = move.kind is Kind.STEP and is_refused(self.entries, move.step.id)
        assert not asked_anew, f"{move.step.id} is asked for again, and somebody had said no"
        if self.state.opening is None:
            number = self.state.openings + 1
            self.append(Event.GATE_OPENED, move.step.id, opening=number, kind=move.kind.value,
                        expires=timestamp(self.now + timedelta(hours=24)))  # fmt: skip

    def _remember(self, name: str, step: str, through: str) -> None:
        order = [planned.id for planned in self.plan.steps]
        last = order.index(through) if through in order else order.index(step)
        reached = tuple(order[order.index(step) : max(last, order.index(step)) + 1])
        self.yes.append((self.plan.digest, name, reached))

    @rule(outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=5))
    def the_engine_moves(self, outcomes: list[str]) -> None:
        for outcome in outcomes:
            self._move(outcome)

    def _move(self, outcome: str) -> None:
        move = next_move(self.plan, self.state, REGISTRY)
        if isinstance(move, Perform):
            self._allowed(move)
            self._perform(move.step.id, outcome)
        elif isinstance(move, TakeBack):
            assert not self.state.step("revoke").touched, "rolled back past the point of no return"
            self.append(Event.UNDO_STARTED, move.step.id)
            if outcome == "fails":
                self._failed(Event.UNDO_FAILED, move.step.id)
            elif outcome != "is cut off":
                self.append(Event.UNDO_SUCCEEDED, move.step.id, outputs={}, evidence="back")
        elif isinstance(move, AskPerson):
            self._open(move)
        elif self.state.outcome is None:
            if move.outcome is Outcome.COMPLETED:
                self._settled(ORDER)
            self.append(Event.RUN_ENDED, outcome=move.outcome.value)

    def _perform(self, step: str, outcome: str) -> None:
        done: dict[str, Any] = {"outputs": {}, "sealed": [], "evidence": "done"}
        if outcome == "found done":
            self.append(Event.STEP_FOUND_DONE, step, **done)
            return
        self.append(Event.STEP_STARTED, step)
        if outcome == "fails":
            self._failed(Event.STEP_FAILED, step)
        elif outcome == "succeeds":
            self.append(Event.STEP_SUCCEEDED, step, **done)

    def _failed(self, event: Event, step: str) -> None:
        self.append(event, step, error="Refused", message="no", hint="", unknown=False)

    def _allowed(self, move: Perform) -> None:
        """What the oracle demands of a step that is about to run."""
        step, state = move.step.id, self.state
        assert state.outcome is None
        assert not is_refused(self.entries, step), f"{step} runs, and somebody had said no"
        self._in_order(move)
        if step == "look" or move.interrupted:
            return
        people = {who for plan, who, reached in self.yes
                  if plan == self.plan.digest and step in reached}  # fmt: skip
        if step == "revoke":
            people -= {state.initiator.subject}
            assert len(people & {"anna", "ada"}) == 2, "revoked without two other admins"
            assert state.step("verify").status is Status.DONE, "revoked before the new was proven"
        else:
            assert people - {"mallory"}, f"{step} runs unapproved"

    def _in_order(self, move: Perform | AskPerson) -> None:
        """What the oracle demands of the steps before one that is next on the way forward."""
        if not self.state.back:
            self._settled(ORDER[: ORDER.index(move.step.id)])

    def _settled(self, steps: list[str]) -> None:
        for step in steps:
            needed = 2 if step == "revoke" else 1
            over = is_settled(self.entries, step, needed=needed, may_skip=step == "shine")
            assert over, f"{step} is passed over, and is not done"

    @invariant()
    def the_chain_is_whole(self) -> None:
        verify(self.entries)

    @invariant()
    def no_valid_approval_is_lost(self) -> None:
        if not self.entries:
            return
        kept = {(a.plan, a.actor.subject, a.step) for a in self.state.approvals}
        assert all((plan, who, reached[0]) in kept for plan, who, reached in self.yes)

    @invariant()
    def a_finished_run_stays_finished(self) -> None:
        ended = [e for e in self.entries if e.event is Event.RUN_ENDED]
        if ended:
            assert self.state.outcome is Outcome(ended[0].details["outcome"])

    @precondition(lambda self: self.entries)
    @invariant()
    def folding_twice_gives_the_same(self) -> None:
        assert self.state == fold("r", list(self.entries))
