"""Runs as a flow would have written them, put straight into a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.platform import Platform, open_platform
from engine.journal import resources_of
from engine.ledger import Actor, Draft, Entry, Event, timestamp
from engine.plan import Plan

RUN = "1f0c0000-0000-4000-8000-000000000001"
OTHER = "1f0d0000-0000-4000-8000-000000000002"
OTTO = Actor("otto", groups=("plana-staff",), via="prefect")
OLGA = Actor("olga", groups=("plana-staff",), via="cli")


class Story:
    """One run, told entry by entry."""

    def __init__(self, platform: Platform, run: str = RUN, about: str = "redis-password") -> None:
        self.platform = platform
        self.run = run
        inputs = {"secret": about, "reason": "it is time"}
        self.plan: Plan = platform.plan("rotate-api-key", inputs)

    def tell(
        self, event: Event, step: str = "", actor: Actor | None = None, **details: Any
    ) -> Entry:
        draft = Draft(
            run=self.run,
            event=event,
            step=step,
            attempt=1,
            plan=self.plan.digest,
            details=details,
            **({"actor": actor} if actor else {}),
        )
        holds = (
            resources_of(self.plan.secret, self.plan.about) if event is Event.RUN_STARTED else ()
        )
        return self.platform.journal.append(draft, hold=holds, end=event is Event.RUN_ENDED)

    def start(self, **told: Any) -> None:
        plan = self.plan
        self.tell(
            Event.RUN_STARTED,
            actor=OTTO,
            runbook=plan.runbook,
            title=plan.title,
            secret=plan.secret,
            plan=plan.text(),
            preflight={},
            **told,
        )

    def pick_up(self, attempt: int, **told: Any) -> None:
        plan = self.plan.digest
        draft = Draft(self.run, Event.RUN_RESUMED, attempt=attempt, plan=plan, details=told)
        self.platform.journal.append(draft)

    def ask(self, step: str, number: int, kind: str = "step", hours: int = 4) -> None:
        expires = timestamp(datetime.now(UTC) + timedelta(hours=hours))
        self.tell(
            Event.GATE_OPENED,
            step,
            opening=number,
            kind=kind,
            expires=expires,
            found="",
            groups=["plana-staff"],
            approvals=1,
        )

    def agree(self, step: str, number: int, comment: str = "") -> None:
        self.tell(
            Event.GATE_APPROVED,
            step,
            OLGA,
            opening=number,
            kind="step",
            comment=comment,
            through=step,
        )

    def perform(self, step: str, evidence: str = "it is done") -> None:
        self.tell(Event.STEP_STARTED, step, key=self.run)
        self.tell(Event.STEP_SUCCEEDED, step, outputs={}, sealed=[], evidence=evidence)

    def fail(self, step: str, message: str, hint: str = "") -> None:
        self.tell(Event.STEP_STARTED, step, key=self.run)
        self.tell(
            Event.STEP_FAILED, step, error="Refused", message=message, hint=hint, unknown=False
        )

    def end(self, outcome: str = "completed") -> None:
        self.tell(Event.RUN_ENDED, outcome=outcome)


@contextmanager
def told(settings: Path) -> Iterator[Platform]:
    """Open the platform of a test to fill its ledger, and close it again."""
    platform = open_platform(settings)
    with platform.journal:
        yield platform
