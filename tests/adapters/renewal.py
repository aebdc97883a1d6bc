"""A renewal played move by move in a sandbox, each move as if the process before it had died."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.ledger import SqlJournal
from adapters.platform import Platform, open_platform
from engine.checklist import SETTLED, item_state, items_of
from engine.decision import Answer, Question, Verdict, judge
from engine.execution import Failed, perform, take_back
from engine.fold import fold
from engine.job import Desk, Job, Patience, prepared
from engine.ledger import Actor, Draft, Entry, Event, timestamp
from engine.plan import Plan
from engine.progress import AskPerson, End, Move, Perform, TakeBack, next_move
from engine.state import Kind, Outcome, RunState
from engine.step import Ask
from tests.ground import Ground

RUN, RUNBOOK = "renewal-1", "renew-tpp-certificates"
SLOT, INPUTS = "tpp-qwac-b", {"reason": "a test of the engine"}
EXPIRES = timestamp(datetime.now(UTC) + timedelta(days=1))


class Killed(BaseException):
    """Stands for the end of the process; nothing that catches errors catches it."""


class Mortal(SqlJournal):
    """A ledger whose writer dies twice in each step: just before its effect, and just after it.

    One that finds its goal reached has no effect, and dies once.
    """

    def __init__(self, url: str, deaths: set[str]) -> None:
        super().__init__(url)
        self._deaths = deaths

    def append(self, draft: Draft, **more: Any) -> Entry:
        if draft.event in (Event.STEP_SUCCEEDED, Event.STEP_FOUND_DONE):
            self._die(f"after the effect of {draft.step}")
        entry = super().append(draft, **more)
        if draft.event is Event.STEP_STARTED:
            self._die(f"before the effect of {draft.step}")
        return entry

    def _die(self, place: str) -> None:
        if place not in self._deaths:
            self._deaths.add(place)
            raise Killed(place)


@dataclass
class Renewal:
    """One run; `register` says which banks the people register the new certificate with."""

    ground: Ground
    banks: Mapping[str, str] = field(default_factory=dict)
    """Bank to the state people say; `confirmed` where none is given."""
    unregistered: frozenset[str] = frozenset()
    """Banks of which people say it without having done it."""
    decisions: dict[str, str] = field(default_factory=dict)
    """What people decide where a step fails."""
    refusals: list[str] = field(default_factory=list)
    deaths: set[str] | None = None
    """Where it has died so far; None where it does not die."""
    run: str = RUN
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Laid over those of the form."""

    @property
    def platform(self) -> Platform:
        return self.ground.platform

    def begin(self) -> Renewal:
        plan = self._plan()
        details = {"runbook": RUNBOOK, "secret": plan.secret, "plan": plan.text()}
        by = self._person("otto")
        self.platform.journal.append(
            Draft(self.run, Event.RUN_STARTED, by, attempt=1, plan=plan.digest, details=details),
            hold=[f"secret:{plan.secret}"],
        )
        return self

    @property
    def state(self) -> RunState:
        return fold(self.run, self.platform.journal.entries(self.run))

    def sail(self, until: str = "") -> Outcome | None:
        """Make moves until the end, or the gate of a step; return how it ended."""
        while not isinstance(move := self._pick_up(), End):
            if isinstance(move, AskPerson):
                if move.step.id == until and move.kind is Kind.STEP:
                    return None
                self.decide(move)
            else:
                with suppress(Killed):
                    self._act(move)
        return move.outcome

    def end(self, outcome: Outcome) -> None:
        """Give back what the run holds, as it does when it is over."""
        state, told = self.state, {"outcome": outcome.value}
        ended = Draft(
            self.run, Event.RUN_ENDED, attempt=state.attempt, plan=state.plan, details=told
        )
        self.platform.journal.append(ended, end=True)

    def preflight(self) -> None:
        """Make the checks that stand before a run."""
        self.platform.preflight(self._plan(), str)

    def decide(self, move: AskPerson, **said: Any) -> Event:
        """Answer a gate as people do, or with what is said."""
        state = self.state
        number = state.openings + 1
        told = {"opening": number, "kind": move.kind.value, "expires": EXPIRES, "found": ""}
        self._append(Event.GATE_OPENED, move.step.id, told)
        state = self.state
        assert state.opening is not None
        plan, registry = self._plan(), self.platform.registry
        job = Job(self._desk(), plan, state, move.step, move.kind is Kind.UNDO)
        question = Question(
            plan, state, state.opening, registry, self.platform.seal(), prepared(job)[0]
        )
        answer = Answer(**{**self._answer(move), **said})
        verdict: Verdict = judge(question, answer, datetime.now(UTC))
        self.platform.journal.append(verdict.draft, seal=verdict.seal, upon=number)
        if verdict.draft.event is Event.GATE_REFUSED:
            self.refusals.append(verdict.draft.details["why"])
        return verdict.draft.event

    def next(self) -> Move:
        return next_move(self._plan(), self.state, self.platform.registry)

    def csr(self) -> str:
        return str(self.state.step("request").outputs["csr"])

    def _answer(self, move: AskPerson) -> dict[str, Any]:
        gate = move.step.gate or self._plan().gate
        name = "olga" if "plana-staff" in gate.groups else "anna"
        said: dict[str, Any] = {
            "actor": self._person(name), "decision": "approve", "comment": "seen and agreed",
        }  # fmt: skip
        if move.kind is Kind.FAILURE:
            return {**said, "decision": self.decisions.get(move.step.id, "stop")}
        if move.kind is Kind.STEP and move.step.ask is Ask.CERTIFICATE:
            said["certificate"] = self.ground.world.qtsp.issue("qwac", self.csr())
        return said | (self._word(move) if move.kind is Kind.STEP else {})

    def _word(self, move: AskPerson) -> dict[str, str]:
        held = self.state.step(move.step.id)
        for bank in items_of(move.step):
            if item_state(held, bank) not in SETTLED:
                state = self.banks.get(bank, "confirmed")
                if state == "confirmed" and bank not in self.unregistered:
                    self.register(bank)
                return {"decision": "note", "item": bank, "item_state": state}
        return {}

    def register(self, bank: str) -> None:
        self.ground.world.banks.register(bank, self.state.step("issued").outputs["pem"])

    def _pick_up(self) -> Move:
        """Forget everything but the ledger, and ask what is next."""
        self.platform.journal.close()
        self.ground.platform = open_platform(self.ground.settings)
        self._append(Event.RUN_RESUMED, "", {}, more=1)
        return self.next()

    def _act(self, move: Perform | TakeBack) -> None:
        with ExitStack() as held:
            desk = self._desk()
            if self.deaths is not None:
                journal = Mortal(self.platform.settings.ledger.url, self.deaths)
                desk = replace(desk, journal=held.enter_context(journal))
            failed = self._make(desk, move)
        if failed:
            self.refusals.append(failed.message)

    def _make(self, desk: Desk, move: Perform | TakeBack) -> Failed | None:
        plan, state = self._plan(), self.state
        if isinstance(move, TakeBack):
            return take_back(Job(desk, plan, state, move.step, back=True))
        return perform(Job(desk, plan, state, move.step), interrupted=move.interrupted)

    def _desk(self) -> Desk:
        patience = Patience(attempts=2, first_wait=0.01)
        return replace(self.platform.desk(), patience=patience, report=lambda _: None)

    def _plan(self) -> Plan:
        return self.platform.plan(RUNBOOK, {"secret": SLOT, **INPUTS, **self.inputs})

    def _append(self, event: Event, step: str, told: dict[str, Any], more: int = 0) -> None:
        attempt = self.state.attempt + more
        draft = Draft(
            self.run, event, step=step, attempt=attempt, plan=self._plan().digest, details=told
        )
        self.platform.journal.append(draft)

    def _person(self, name: str) -> Actor:
        return Actor(name, groups=self.platform.people.groups_of(name), via="cli")
