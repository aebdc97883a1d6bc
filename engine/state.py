"""Where a run stands, as values: the shape of what `engine.fold` reads out of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.ledger import Actor


class Status(StrEnum):
    """Where one step stands."""

    WAITING = "waiting"
    STARTED = "started"
    """Started and not ended: running now, or cut off."""
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDO_FAILED = "undo failed"
    UNDONE = "undone"


class Kind(StrEnum):
    """What a gate asks about."""

    STEP = "step"
    """May this step run?"""
    UNDO = "undo"
    """May this step be taken back?"""
    FAILURE = "failure"
    """The step failed; what now?"""


class ItemState(StrEnum):
    """Where one item of a checklist stands."""

    PENDING = "pending"
    REGISTERED = "registered"
    """Asked for, and not yet answered."""
    CONFIRMED = "confirmed"
    WAIVED = "waived"
    """Left out on purpose, with a reason."""


class Outcome(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    REJECTED = "rejected"
    """Nothing had been changed yet."""
    STOPPED = "stopped"
    """As it lay there, by a person's decision."""
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True)
class Opening:
    """A gate that was opened."""

    number: int
    """Counted over the run from 1; a gate asked again gets a new number."""
    step: str
    kind: Kind
    at: str
    expires: str
    plan: str
    shown: str = ""
    """Digest of the text above its form."""


@dataclass(frozen=True)
class Approval:
    """One person's yes."""

    step: str
    """The gate it was given at."""
    through: str
    """The last step it covers, in the direction of travel."""
    kind: Kind
    actor: Actor
    comment: str
    at: str
    plan: str
    until: str = ""
    """Until when it may be relied on; empty for as long as the run lives."""
    glass: bool = False
    """Whether it opened the gate in an emergency, against the policy."""


@dataclass(frozen=True)
class Noted:
    """What was last said about one item of a checklist."""

    state: ItemState
    comment: str
    by: str
    at: str
    """As the ledger spells time."""


@dataclass(frozen=True)
class StepState:
    """Where one step stands, and with what result."""

    status: Status = Status.WAITING
    outputs: Mapping[str, Any] = field(default_factory=dict)
    sealed: tuple[str, ...] = ()
    """Outputs whose value lies in the drawer."""
    evidence: str = ""
    how: str = ""
    """The event that made it so."""
    by: str = ""
    """Who brought it there, where a person did."""
    error: str = ""
    hint: str = ""
    unknown: bool = False
    """Whether a failed step may have happened all the same."""
    touched: bool = False
    """Whether it was ever started."""
    idle: bool = False
    """Whether taking it back has found that it never had an effect."""
    vouchers: tuple[str, ...] = ()
    """Who has said that a failed step's goal is reached all the same."""
    items: Mapping[str, Noted] = field(default_factory=dict)
    """Of a checklist: what was said about each item, in the order it was first spoken of."""
    started_at: str = ""
    ended_at: str = ""


NOBODY = Actor("")
"""Before anybody has started the run."""


@dataclass(frozen=True)
class RunState:
    """Where a run stands."""

    run: str
    attempt: int = 0
    plan: str = ""
    plan_text: str = ""
    """The plan in force, as kept in the ledger."""
    initiator: Actor = NOBODY
    steps: Mapping[str, StepState] = field(default_factory=dict)
    opening: Opening | None = None
    """The gate that waits for a decision."""
    openings: int = 0
    approvals: tuple[Approval, ...] = ()
    back: bool = False
    """Whether the run is on its way back."""
    ending: Outcome | None = None
    """How a person decided that it ends."""
    outcome: Outcome | None = None
    """How it did end."""
    refusal: str = ""
    """Why the last answer at a gate did not count; shown when it is asked again."""
    changes: tuple[str, ...] = ()
    """How the runbook was changed while the run waited, until somebody has approved it so."""

    def step(self, identity: str) -> StepState:
        """Return where this step stands; a step never mentioned waits."""
        return self.steps.get(identity, StepState())

    def line(self, text: str, step: str = "") -> str:
        """Return one line for a log, which says by itself what run, step and attempt it is about."""
        told = " ".join(text.split())
        return f"run {self.run} step {step or '-'} attempt {self.attempt}: {told}"
