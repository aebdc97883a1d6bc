"""Where a run stands and what to type next, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, assert_never

from adapters.platform import Platform
from cli.runs import Told
from cli.text import SHORT, moment
from engine.checklist import unsettled
from engine.decision import allowed
from engine.ledger import DECISIONS, Entry, timestamp
from engine.plan import PlannedStep
from engine.present import present
from engine.progress import AskPerson, End, Move, Perform, TakeBack, next_move
from engine.runbook import Gate
from engine.state import Kind, RunState
from engine.step import Ask

FLAGS = {
    "retry": "--retry",
    "mark done": "--mark-done",
    "roll back": "--roll-back",
    "stop": "--stop",
}
"""How `runbook resume` says what may follow a failure."""
BRINGS = {
    Ask.SEALED_VALUE: " --value",
    Ask.EVIDENCE: " --comment EVIDENCE",
    Ask.CERTIFICATE: " --certificate FILE",
}
"""What `runbook approve` needs beside the run, by what the gate asks for."""


def move_of(told: Told, platform: Platform) -> Move:
    """Return the one move that is next, as things are now."""
    now = present(datetime.now(UTC), platform.freezes)
    return next_move(told.plan, told.state, platform.registry, now)


def stands(told: Told, move: Move) -> str:
    """Say where the run stands."""
    match move:
        case AskPerson(step, kind):
            return _at_gate(step, kind, told.state)
        case Perform(step, interrupted):
            if interrupted:
                return f"{step.id} was started and has not ended: it runs now, or was cut off"
            return f"{step.id} is next, and nobody has to be asked"
        case TakeBack(step):
            return f"on its way back: {step.id} is taken back"
        case End(outcome):
            return outcome.value if told.state.outcome else f"about to end: {outcome.value}"
        case _:
            assert_never(move)


def advice(told: Told, move: Move, *, is_given_up: bool = False) -> str:
    """Say what a person may type next; empty where it is not their turn.

    `is_given_up` says that Prefect has ended the run while the ledger has not.
    """
    run = told.run[:SHORT]
    if told.state.outcome is not None:
        return ""
    if is_given_up:
        return f"runbook resume {run}"
    if not isinstance(move, AskPerson):
        is_cut_off = isinstance(move, Perform) and move.interrupted
        return f"runbook resume {run}   (if its process is gone)" if is_cut_off else ""
    if move.kind is Kind.FAILURE:
        choices = allowed(told.plan, told.state, move.step, move.kind)
        return f"runbook resume {run} {' | '.join(FLAGS[choice] for choice in choices)}"
    with_ = BRINGS.get(asks(move), "")
    missing = unsettled(move.step, told.state.step(move.step.id))
    if missing and move.kind is Kind.STEP:
        return f"runbook note {run} ITEM STATE --comment TEXT   (open: {missing})"
    return f"runbook approve {run}{with_}   or: runbook reject {run}"


def is_expired(state: RunState) -> bool:
    """Tell whether the gate that waits takes no answer any more."""
    return state.opening is not None and timestamp(datetime.now(UTC)) > state.opening.expires


def asks(move: AskPerson) -> Ask:
    """Tell what a gate asks for beside the decision."""
    return move.step.ask if move.kind is Kind.STEP else Ask.NOTHING


def gate_words(gate: Gate | None) -> str:
    """Say who must agree and until when."""
    if gate is None:
        return "none"
    from engine.durations import spell

    groups = " or ".join(gate.groups) or "anybody"
    others = "" if gate.initiator_may_approve else ", not the initiator"
    fresh = f", signed in within {spell(gate.signed_in_within)}" if gate.signed_in_within else ""
    return f"{gate.approvals} of {groups} within {spell(gate.expires)}{others}{fresh}"


def who(entries: Sequence[Entry], step: str) -> str:
    """Name the people who decided about a step, in order, each once."""
    people = [e.actor.subject for e in entries if e.step == step and e.event in DECISIONS]
    return ", ".join(dict.fromkeys(people))


def gate_facts(state: RunState) -> dict[str, Any] | None:
    """Return the gate that waits for a decision, for `--json`."""
    opening = state.opening
    if opening is None:
        return None
    return {
        "step": opening.step,
        "kind": opening.kind.value,
        "opening": opening.number,
        "opened": opening.at,
        "expires": opening.expires,
    }


def _at_gate(step: PlannedStep, kind: Kind, state: RunState) -> str:
    what = {
        Kind.STEP: f"at the gate before {step.id}",
        Kind.UNDO: f"at the gate before {step.id} is taken back",
        Kind.FAILURE: f"{step.id} failed, and somebody must decide what follows",
    }[kind]
    if state.opening is None:
        return f"{what} (not asked yet)"
    word = "which expired at" if is_expired(state) else "until"
    return f"{what}, {word} {moment(state.opening.expires)}"
