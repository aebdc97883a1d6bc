"""A run that is retried before the ledger has anything of it: by whom, and whether it may begin.

Its stamp still names whoever started it, who may have called it off since, or never hear that it
goes on. So a run that was cancelled does not begin, and one that failed begins by its own initiator
alone; anybody else starts one of their own. What a dead worker had in hand goes on unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from prefect.client.schemas.objects import FlowRun, State, StateType

from adapters.platform import Platform
from engine.errors import Refused
from engine.ledger import SCHEDULE, Actor, identity
from flows.moves import BROKEN, RESTART, RETRY, STOPPING, UNKNOWN, Move, signed, states_of


@dataclass(frozen=True)
class Retried:
    """Who had a run go on that the ledger does not know yet."""

    actor: Actor
    move: Move
    proof: Mapping[str, Any]
    """The signed word, or why there is none."""
    is_cancelled: bool

    def told(self) -> Mapping[str, Any]:
        """Return what `run.started` says of it."""
        who = {"subject": self.actor.subject, "verified": self.actor.verified}
        return {"retried": {"move": self.move.name, **who, **self.proof}}

    def refuse_unless_own(self, starter: Actor, *, takes_claims: bool) -> None:
        """Raise `Refused` where the run was cancelled, or somebody else than its starter retried it.

        A schedule is nobody, so whoever retries its run takes nobody's place. A retry that nobody
        signed counts only where claims do.
        """
        if self.is_cancelled:
            raise Refused(
                "this run was cancelled before it had begun",
                hint="Start it anew; it would go on in the name of whoever started it then.",
            )
        if self.move is RESTART or starter == SCHEDULE:
            return
        if self.actor == UNKNOWN and not takes_claims:
            raise Refused(
                "this run was retried before it had begun, and no signed word says by whom",
                hint="Start it anew through the gateway.",
            )
        if self.actor != UNKNOWN and identity(self.actor.subject) != identity(starter.subject):
            raise Refused(
                f"{starter.subject} started this run, and {self.actor.subject} retried it before "
                "it had begun",
                hint="Start it anew, so that it is known to be yours.",
            )


def retried(platform: Platform, run: FlowRun) -> Retried | None:
    """Return who retried this run, which the ledger does not know; None at its first pick-up."""
    return retried_by(platform, run, states_of(run))


def retried_by(platform: Platform, run: FlowRun, states: Iterable[State]) -> Retried | None:
    """Return who retried this run, from all the states that it went through."""
    told = sorted(states, key=lambda state: state.timestamp)
    left = [
        old for old, new in pairwise(told) if new.type is StateType.SCHEDULED and old.type in BROKEN
    ]
    is_cancelled = any(state.type in STOPPING for state in told)
    if not left and not is_cancelled:
        return None
    return Retried(*_last(platform, run, left), is_cancelled)


def _last(
    platform: Platform, run: FlowRun, left: Sequence[State]
) -> tuple[Actor, Move, Mapping[str, Any]]:
    """Return the last person who retried it, or the worker that goes on with what had crashed."""
    for state in reversed(left):
        actor, proof = signed(platform, run, RETRY, state)
        if actor != UNKNOWN or state.type is not StateType.CRASHED:  # a worker restarts no other
            return actor, RETRY, proof
    actor, proof = signed(platform, run, RESTART, left[-1] if left else None)
    return actor, RESTART, proof
