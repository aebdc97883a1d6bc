"""The steps of a run as a table: state, who, when, and the evidence."""

from __future__ import annotations

from rich.table import Table

from cli.runs import Told
from cli.screen import table
from cli.text import flat, moment
from cli.words import who
from engine.ledger import Event
from engine.plan import PlannedStep
from engine.state import Status, StepState
from flows.gate_words import MARKS

HEAD = ("", "Step", "Title", "State", "Who", "When (UTC)", "Evidence")


def steps_table(told: Told) -> Table:
    """Return one row for each step of the run's plan."""
    return table(HEAD, (_row(told, step) for step in told.plan.steps))


def _row(told: Told, step: PlannedStep) -> tuple[str, ...]:
    held = told.state.step(step.id)
    opening = told.state.opening
    waits = opening is not None and opening.step == step.id
    note = held.error or held.evidence
    if held.how == Event.FAILURE_DECIDED and held.evidence:
        note = f"marked done by {held.by}: {note}"
    return (
        MARKS[held.status],
        step.id,
        flat(step.name),
        _state(held, is_asked=waits),
        flat(who(told.entries, step.id)),
        moment(held.ended_at or held.started_at),
        flat(note),
    )


def _state(held: StepState, *, is_asked: bool) -> str:
    if not is_asked:
        return held.status.value
    waits = held.status in (Status.WAITING, Status.DONE)
    return "at its gate" if waits else f"{held.status.value}, at its gate"
