"""A run on a bench: a real ledger in a temporary file, lamps for a world, and no Prefect."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyrage
from pydantic import SecretStr

from adapters.ledger import SqlJournal
from engine.catalogue import Catalogue, People
from engine.checks import read_runbook
from engine.decision import Answer, Question, Verdict, judge
from engine.execution import Failed, perform, take_back
from engine.fold import fold
from engine.job import Desk, Job, Patience, prepared
from engine.ledger import Actor, Draft, Entry, Event, timestamp
from engine.plan import Plan, make_plan
from engine.present import TIMELESS, Present
from engine.progress import AskPerson, End, Move, Perform, TakeBack, next_move
from engine.sealing import Seal
from engine.state import Kind, Opening, RunState
from engine.surroundings import Surroundings
from tests.engine.lamp import Lamps, steps

PEOPLE = People.model_validate(
    {"groups": {"staff": {"members": ["olga", "otto"]}, "admins": {"members": ["anna", "ada"]}}}
)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def person(name: str) -> Actor:
    return Actor(name, groups=PEOPLE.groups_of(name), via="ui")


@dataclass
class Bench:
    """Drives one run as a flow would, one move at a time."""

    plan: Plan
    desk: Desk
    lamps: Lamps
    run: str = "run-1"
    told: list[str] = field(default_factory=list)
    present: Present = TIMELESS

    @classmethod
    def of(cls, text: str, folder: Path, lamps: Lamps | None = None) -> Bench:
        folder.mkdir(exist_ok=True)
        lamps = lamps or Lamps()
        registry = steps(lamps)
        around = Surroundings(registry, Catalogue(), PEOPLE, {})
        runbook, _ = read_runbook("runbook: try\ntitle: Try\n" + text, "try.yaml", around)
        plan = make_plan(runbook, {}, registry, Catalogue(), {})
        told: list[str] = []
        desk = Desk(
            journal=SqlJournal(f"sqlite:///{folder / 'ledger.db'}"),
            registry=registry,
            seal=Seal(SecretStr(str(pyrage.x25519.Identity.generate()))),
            fingerprint_key=SecretStr("k" * 32),
            patience=Patience(sleep=lambda seconds: told.append(f"slept {seconds:g}")),
            report=told.append,
        )
        return cls(plan, desk, lamps, told=told)

    def begin(self, by: str = "otto") -> Bench:
        self.append(
            Event.RUN_STARTED, actor=person(by), attempt=1, runbook="try", plan=self.plan.text()
        )
        return self

    def resume(self) -> None:
        self.append(Event.RUN_RESUMED, attempt=self.state.attempt + 1)

    def append(
        self,
        event: Event,
        *,
        actor: Actor | None = None,
        step: str = "",
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        draft = Draft(
            run=self.run,
            event=event,
            step=step,
            plan=self.plan.digest,
            details=details,
            attempt=self.state.attempt if attempt is None else attempt,
        )
        self.desk.journal.append(replace(draft, actor=actor) if actor else draft)

    @property
    def entries(self) -> list[Entry]:
        return list(self.desk.journal.entries(self.run))

    @property
    def events(self) -> list[str]:
        return [f"{entry.step or '-'} {entry.event.value}" for entry in self.entries]

    @property
    def state(self) -> RunState:
        return fold(self.run, self.entries)

    def next(self) -> Move:
        """Return the next move; asked anew each time."""
        return next_move(self.plan, self.state, self.desk.registry, self.present)

    def job(self, step: str, *, back: bool = False) -> Job:
        return Job(self.desk, self.plan, self.state, self.plan.step(step), back)

    def make_move(self) -> Failed | None:
        """Make the next move, which must be one without a person."""
        match self.next():
            case Perform(step, interrupted):
                return perform(self.job(step.id), interrupted=interrupted)
            case TakeBack(step):
                return take_back(self.job(step.id, back=True))
            case other:
                raise AssertionError(f"the next move needs a person: {other}")

    def open(self) -> Opening:
        """Open the gate that comes next."""
        move = self.next()
        assert isinstance(move, AskPerson)
        number = self.state.openings + 1
        self.append(
            Event.GATE_OPENED,
            step=move.step.id,
            opening=number,
            kind=move.kind.value,
            expires=timestamp(NOW.replace(hour=6)),
            found="",
        )
        opening = self.state.opening
        assert opening is not None
        return opening

    def judge(self, decision: str, by: str, *, now: datetime = NOW, **said: Any) -> Verdict:
        """Answer the next gate and return what it comes to, without recording it."""
        opening = self.state.opening or self.open()
        job = self.job(opening.step, back=opening.kind is Kind.UNDO)
        question = Question(
            self.plan,
            self.state,
            opening,
            self.desk.registry,
            self.desk.seal,
            prepared(job)[0],
            present=self.present,
        )
        return judge(question, Answer(person(by), decision, **said), now)

    def decide(self, decision: str, by: str = "olga", **said: Any) -> Event:
        """Answer the next gate, record what it comes to, and return the event."""
        verdict = self.judge(decision, by, **said)
        self.desk.journal.append(verdict.draft, seal=verdict.seal)
        return verdict.draft.event

    def sail(self, by: str = "olga") -> None:
        """Approve and perform until the end, or until something fails."""
        while not isinstance(move := self.next(), End):
            if isinstance(move, AskPerson):
                if move.kind is Kind.FAILURE:
                    return
                self.decide("approve", by, comment="seen and agreed")
            else:
                self.make_move()
