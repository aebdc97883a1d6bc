"""A gate as the ledger knows it: opened with what is shown, and closed by an answer that is judged.

How the question reaches a person, and the answer the run, is not said here (`flows.gate` does it
with Prefect).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from engine.decision import Answer, Question, judge
from engine.errors import Overtaken, RunbookError
from engine.evidence import digest_of
from engine.job import Job, prepared
from engine.ledger import Draft, Entry, Event, timestamp
from engine.looking import look
from engine.policy import people_needed
from engine.progress import AskPerson
from engine.secrets import split_outputs
from engine.state import Kind, Opening, RunState
from engine.step import Done
from engine.watching import times
from flows.gate_words import finding, words
from flows.voyage import Voyage


@dataclass(frozen=True)
class Asked:
    """A gate that was just opened."""

    state: RunState
    """Where the run stands with it."""
    shown: str
    """The text above its form, in Markdown."""


def open_gate(voyage: Voyage, state: RunState, move: AskPerson) -> Asked:
    """Look, write `gate.opened`, and return what a person is to be shown."""
    now = datetime.now(UTC)
    gate = move.step.gate or voyage.plan.gate
    clock = times(gate, now)
    job = _job(voyage, state, move.step.id, move.kind)
    found = finding(job) if move.kind is Kind.STEP else ""
    shown = words(job, move.kind, found, voyage.present())
    opening = Opening(
        state.openings + 1,
        move.step.id,
        move.kind,
        timestamp(now),
        clock["expires"],
        voyage.plan.digest,
        digest_of(shown),
    )
    voyage.desk.journal.append(
        Draft(
            run=state.run,
            event=Event.GATE_OPENED,
            step=move.step.id,
            attempt=state.attempt,
            plan=voyage.plan.digest,
            details={
                "opening": opening.number,
                "kind": move.kind.value,
                **clock,
                "found": found,
                "groups": list(gate.groups),
                "approvals": people_needed(gate, state.initiator),
                "shown": opening.shown,
            },
        )
    )
    return Asked(replace(state, opening=opening), shown)


def settle(voyage: Voyage, state: RunState, opening: Opening, answer: Answer) -> Entry | None:
    """Judge the answer and write what it comes to; None where the clock closed the gate first."""
    verdict = judge(_question(voyage, state, opening, answer), answer, datetime.now(UTC))
    with suppress(Overtaken):  # the gate is asked again
        return voyage.desk.journal.append(verdict.draft, seal=verdict.seal, upon=opening.number)
    return None


def _question(voyage: Voyage, state: RunState, opening: Opening, answer: Answer) -> Question:
    job = _job(voyage, state, opening.step, opening.kind)
    outputs: dict[str, Any] = {}
    if answer.decision == "mark done":
        found = look(job)
        outputs = split_outputs(found.outputs)[0] if isinstance(found, Done) else {}
    try:
        params = prepared(job)[0]
    except RunbookError:
        params = None
    return Question(
        voyage.plan,
        state,
        opening,
        voyage.desk.registry,
        voyage.desk.seal,
        params,
        outputs,
        voyage.present(),
    )


def _job(voyage: Voyage, state: RunState, step: str, kind: Kind) -> Job:
    return Job(voyage.desk, voyage.plan, state, voyage.plan.step(step), kind is Kind.UNDO)
