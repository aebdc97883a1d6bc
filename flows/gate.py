"""The gate before a step: the run is natively suspended until a person has answered its form.

No process waits. Each asking has a key of its own (step, kind, opening number), because Prefect's
run-input keys are single use and Retry forgets which gates were passed; the answer is read from
Prefect by that key, judged by `engine.decision`, and is in force only once the ledger has it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from prefect.flow_runs import suspend_flow_run
from prefect.input import delete_flow_run_input, read_flow_run_input

from engine.decision import Answer, Question, judge
from engine.errors import Overtaken, RunbookError
from engine.evidence import digest_of
from engine.execution import look
from engine.job import Job, prepared
from engine.ledger import Draft, Event, timestamp
from engine.policy import people_needed
from engine.progress import AskPerson
from engine.secrets import split_outputs
from engine.state import Kind, Opening, RunState
from engine.step import Done
from engine.watching import times
from flows.evidence import Unproven, read_answer
from flows.gate_form import form, key
from flows.gate_words import finding, words
from flows.record import publish_record
from flows.telling import tell
from flows.voyage import Voyage


def pass_gate(voyage: Voyage, move: AskPerson) -> None:
    """Judge the answer that is there, or open the gate and suspend the run until one is.

    Does not return when it suspends: Prefect ends the process.
    """
    state = voyage.state()
    opening = state.opening
    if opening is not None:
        raw = read_flow_run_input(key=_response(opening))
        _settle(voyage, state, opening, read_answer(voyage, opening, raw))
        publish_record(voyage)
        return
    _open(voyage, state, move)


def _response(opening: Opening) -> str:
    """Return where Prefect keeps the answer to this asking."""
    return f"suspended-{key(opening)}-response"


def _settle(voyage: Voyage, state: RunState, opening: Opening, answer: Answer | Unproven) -> None:
    if isinstance(answer, Unproven):
        told = {"opening": opening.number, "kind": opening.kind.value, "why": answer.why}
        voyage.desk.journal.append(
            Draft(
                run=state.run,
                event=Event.GATE_REFUSED,
                actor=answer.actor,
                step=opening.step,
                attempt=state.attempt,
                plan=voyage.plan.digest,
                details=told,
            )
        )
        return
    verdict = judge(_question(voyage, state, opening, answer), answer, datetime.now(UTC))
    with suppress(Overtaken):  # the clock was first; the gate is asked again
        entry = voyage.desk.journal.append(verdict.draft, seal=verdict.seal, upon=opening.number)
        if entry.event is Event.GLASS_BROKEN:
            tell(voyage.platform, entry)
    if answer.sealed_value:
        delete_flow_run_input(
            key=_response(opening)
        )  # the drawer has it, and is emptied at the end


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


def _open(voyage: Voyage, state: RunState, move: AskPerson) -> None:
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
    publish_record(voyage)
    _suspend(voyage, replace(state, opening=opening), move, shown)


def _suspend(voyage: Voyage, state: RunState, move: AskPerson, shown: str) -> None:
    opening, gate = state.opening, move.step.gate or voyage.plan.gate
    assert opening is not None
    takes_names = voyage.platform.settings.engine.accept_claimed
    model = form(voyage.plan, state, move, takes_names=takes_names)
    suspend_flow_run(
        wait_for_input=model.with_initial_data(description=shown),
        key=key(opening),
        timeout=int(gate.expires.total_seconds()),
    )
