"""The mistakes that people make at a gate: nothing said, the wrong person, a value in clear."""

from __future__ import annotations

import traceback
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Scheduled

from engine.errors import Refused
from engine.sealing import BEGIN, END
from flows.door import answer, open_gate
from tests.flows.voyages import state, until
from tests.leaks.crew import openings
from tests.leaks.marker import draw
from tests.leaks.theatre import Theatre


def make_mistakes(theatre: Theatre, run: str) -> None:
    """Resume without an answer, answer as a stranger, paste in clear; the gate stays shut."""
    gates = openings(theatre, run)
    next(gates)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), Scheduled(), force=True)
    _until_asked_again(theatre, run, 1)
    next(gates)
    answer(run, {"decision": "approve", "name": "mallory", "gate": open_gate(run).key})
    _until_asked_again(theatre, run, 2)
    next(gates)
    for name, pasted in _pasted_in_clear(theatre).items():
        _resume_by_rest(theatre, run, pasted)
        theatre.texts[f"error of the door, {name}"] = _resume_by_door(run, pasted)


def _until_asked_again(theatre: Theatre, run: str, asked: int) -> None:
    until(lambda: True if state(theatre.stage, run).openings > asked else None, "the gate again")


def _pasted_in_clear(theatre: Theatre) -> dict[str, str]:
    """Return what people paste by mistake where a sealed value belongs."""
    values = {name: draw("sk-ant-api03-", "-_") for name in ("value", "framed", "below", "above")}
    for name, value in values.items():
        theatre.mark(f"pasted by mistake: {name}", value)
    sealed = f"{BEGIN}\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\n{END}\n"
    return {
        "value": values["value"],
        "framed": f"{BEGIN}\n{values['framed']}\n{END}\n",
        "below": f"{sealed}{values['below']}\n",
        "above": f"{values['above']}\n{sealed}",
    }


def _fields(run: str, pasted: str) -> dict[str, str]:
    key = open_gate(run).key
    return {"decision": "approve", "name": "olga", "gate": key, "sealed_value": pasted}


def _resume_by_rest(theatre: Theatre, run: str, pasted: str) -> None:
    """Paste it where Prefect's server alone decides; its refusal quotes it to who typed it."""
    answered = theatre.api.post(f"/flow_runs/{run}/resume", {"run_input": _fields(run, pasted)})
    assert answered["status"] == "REJECT", "Prefect took a value in clear"


def _resume_by_door(run: str, pasted: str) -> str:
    with pytest.raises(Refused) as refusal:
        answer(run, _fields(run, pasted))
    return "".join(traceback.format_exception(refusal.value))
