"""One step of one run, ready to be performed: its place to write, its keys, its parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from engine.errors import OutcomeUnknown, Refused, Transient
from engine.journal import Journal
from engine.ledger import Draft, Event
from engine.plan import Plan, PlannedStep
from engine.redaction import Redactor
from engine.sealing import Seal
from engine.secrets import fingerprint, identifier_fields
from engine.state import RunState
from engine.step import AnyStep, Call, refuse_to_open
from engine.values import known_values, resolve
from engine.wording import listed

T = TypeVar("T")

BACK = "-back"
"""What an idempotency key ends in when a run takes its effects back."""


@dataclass(frozen=True)
class Patience:
    """How often and how long a transient failure is waited out."""

    attempts: int = 4
    first_wait: float = 1.0
    """Seconds; doubled each time, unless the other side said how long."""
    longest_wait: float = 300.0
    """Seconds; as long as Vaultwarden takes until it lets its admin page be opened once more."""
    sleep: Callable[[float], None] = time.sleep

    def sit_out(
        self,
        action: Callable[[], T],
        report: Callable[[str], None],
        before_next: Callable[[], None] = lambda: None,
    ) -> T:
        """Return what `action` gives, asked again after what is transient; the last error leaves."""
        wait = self.first_wait
        for _ in range(self.attempts - 1):
            try:
                return action()
            except (Transient, OutcomeUnknown) as error:
                pause = min(getattr(error, "retry_after", None) or wait, self.longest_wait)
            report(f"no answer yet, next try in {pause:g} s")
            self.sleep(pause)
            before_next()
            wait *= 2
        return action()


IMPATIENT = Patience(attempts=1)
"""Waits for nothing, as for somebody who looks and can look again."""


@dataclass(frozen=True)
class Desk:
    """What it takes to perform steps: where to write, and with which keys."""

    journal: Journal
    registry: Mapping[str, AnyStep]
    seal: Seal
    fingerprint_key: SecretStr
    patience: Patience = Patience()
    report: Callable[[str], None] = print
    """Where lines for the log go; they are masked, and say which run, step and attempt they are about."""
    redact: Redactor = field(default_factory=Redactor)
    open_run: Callable[[str, Mapping[str, Any], str], str] = refuse_to_open
    """Starts another runbook for a step; see `engine.step.Call.open_run`."""


@dataclass(frozen=True)
class Job:
    """One step of one run, ready to be performed."""

    desk: Desk
    plan: Plan
    state: RunState
    step: PlannedStep
    back: bool = False

    @property
    def key(self) -> str:
        """The idempotency key of the effect: equal for every attempt at it."""
        return f"{self.state.run}/{self.step.id}{BACK if self.back else ''}"

    @property
    def declared(self) -> AnyStep:
        """The adapter's side of the step."""
        return self.desk.registry[self.step.uses]

    def draft(self, event: Event, **details: Any) -> Draft:
        """Return an entry about this step, to be appended."""
        return Draft(
            run=self.state.run,
            event=event,
            step=self.step.id,
            details=details,
            attempt=self.state.attempt,
            plan=self.state.plan,
        )

    def line(self, text: str) -> str:
        """Return a line for the log about this step, masked."""
        return self.state.line(self.desk.redact(text), self.step.id)


def opened(job: Job) -> Mapping[tuple[str, str], SecretStr]:
    """Open the run's drawer, and teach the redactor all that lies in it."""
    values = known_values(job.desk.journal.sealed(job.state.run), job.desk.seal)
    teach(job, values.values())
    return values


def teach(job: Job, values: Iterable[SecretStr]) -> None:
    """Have these values masked from now on, but for what the run shows as an identifier.

    Such a value is sealed where a store had it before: which half of a pair it was, no store knows.
    """
    values = tuple(values)
    if not values:
        return
    shown = {text for step in job.plan.steps for text in _identifiers(job, step)}
    for value in values:
        if value.get_secret_value() not in shown:
            job.desk.redact.learn(value)


def _identifiers(job: Job, step: PlannedStep) -> Iterator[str]:
    held = job.state.step(step.id).outputs
    names = identifier_fields(job.desk.registry[step.uses].outputs)
    yield from (str(held[name]) for name in names if held.get(name))


def prepared(job: Job) -> tuple[BaseModel, Call]:
    """Resolve the parameters of a step, with secrets opened; raise `Refused` if they do not fit."""
    values = opened(job)
    raw = resolve(job.plan, job.state, job.step, values)
    try:
        params = job.declared.params.model_validate(raw)
    except ValidationError as error:
        wrong = listed(error, raw)
    else:
        return params, _call(job, values)
    raise Refused(job.desk.redact(f"the parameters of {job.step.name} do not fit: {wrong}"))


def _call(job: Job, values: Mapping[tuple[str, str], SecretStr]) -> Call:
    state, step, key = job.state, job.step, job.desk.fingerprint_key
    yes = [approval for approval in state.approvals if approval.step == step.id]
    return Call(
        run=state.run,
        runbook=job.plan.runbook,
        step=step.id,
        attempt=state.attempt,
        key=job.key,
        head="",
        secret=job.plan.secret,
        started_by=state.initiator.subject,
        approved_by=tuple(dict.fromkeys(approval.actor.subject for approval in state.approvals)),
        answer=values.get((step.id, "answer")),
        comment=yes[-1].comment if yes else "",
        fingerprint=lambda value: fingerprint(
            key.get_secret_value().encode(), job.plan.secret, value
        ),
        report=lambda text: job.desk.report(job.line(text)),
        about=job.plan.about,
        open_run=job.desk.open_run,
        items=state.step(step.id).items,
    )
