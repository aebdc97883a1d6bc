"""The gate before a step: the run is natively suspended until a person has answered its form.

No process waits. Each asking has a key of its own (step, kind, opening number), because Prefect's
run-input keys are single use and Retry forgets which gates were passed; the answer is read from
Prefect by that key, judged by `engine.decision`, and is in force only once the ledger has it.
"""

from __future__ import annotations

from prefect.exceptions import Pause
from prefect.flow_runs import suspend_flow_run
from prefect.input import (
    RunInput,
    delete_flow_run_input,
    keyset_from_paused_state,
    read_flow_run_input,
)

from engine.decision import Answer
from engine.ledger import Draft, Event
from engine.progress import AskPerson
from engine.state import Opening, RunState
from flows.asking import open_gate, settle
from flows.evidence import Unproven, read_answer
from flows.gate_form import form, key
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
        if isinstance(raw, dict) and raw.get("sealed_value"):
            # the drawer has it, and is emptied at the end; or it did not count, and is for nobody
            delete_flow_run_input(key=_response(opening))
        return  # the next move, whichever it is, writes the record
    asked = open_gate(voyage, state, move)
    publish_record(voyage)
    _suspend(voyage, asked.state, move, asked.shown)


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
    entry = settle(voyage, state, opening, answer)
    if entry is not None and entry.event is Event.GLASS_BROKEN:
        tell(voyage.platform, entry)


def _suspend(voyage: Voyage, state: RunState, move: AskPerson, shown: str) -> None:
    opening, gate = state.opening, move.step.gate or voyage.plan.gate
    assert opening is not None
    takes_names = voyage.platform.settings.engine.accept_claimed
    model = form(voyage.plan, state, move, takes_names=takes_names)
    asked = model.with_initial_data(description=shown)
    halt(asked, key(opening), int(gate.expires.total_seconds()))


def halt(asked: type[RunInput], name: str, seconds: int) -> None:
    """Suspend this flow run until the form is answered; does not return but by `Pause`.

    Where the reply to the suspension is lost, Prefect's client asks once more, is told that the run
    is paused already, and leaves without the form; it is saved here then.
    """
    try:
        suspend_flow_run(wait_for_input=asked, key=name, timeout=seconds)
    except Pause as pause:
        if pause.state is not None and pause.state.state_details.pause_key == name:
            keyset = keyset_from_paused_state(pause.state)
            if read_flow_run_input(key=keyset["schema"]) is None:
                asked.save(keyset)
        raise
