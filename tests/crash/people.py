"""The people of a case: who answers which gate, with what."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from engine.checklist import SETTLED, item_state, items_of, unsettled
from engine.state import Kind, Opening
from flows.door import Waiting, answer, open_gate
from tests.crash.hands import ROTATED_BY
from tests.crash.trouble import begin_trouble, end_trouble
from tests.crash.voyage import Stuck, Voyage, patiently

STRANGE = "set-by-a-person-in-the-meantime"
"""What a person writes somewhere while a run is at work."""


def decide(voyage: Voyage) -> None:
    """Answer the gate at which the run stands."""

    opening = voyage.state().opening
    if opening is None:
        raise Stuck("Prefect says the run is suspended, and the ledger knows no open gate")

    def send() -> None:
        # people answer the form they are shown; whether it is the gate's is the run's to judge
        waiting = open_gate(voyage.run)
        answer(voyage.run, _fields(voyage, opening, waiting))

    if opening.kind is Kind.FAILURE:
        voyage.verdict.failure_gates += 1
        end_trouble(voyage)
        if opening.step in voyage.hands.mends:
            voyage.hands.mends[opening.step](voyage.world)
    patiently(send)
    begin_trouble(voyage, "gate")
    voyage.decided = opening.number


def _fields(voyage: Voyage, opening: Opening, waiting: Waiting) -> dict[str, str]:
    asked = waiting.schema["properties"]
    decision = decision_of(voyage, opening)
    fields = {
        "decision": decision,
        "name": who_decides(voyage, opening),
        "gate": waiting.key,
        "comment": comment_of(voyage, opening),
        "via": "crash test",
    }
    if decision == "approve" and not voyage.case.stepwise and "approve_through" in asked:
        fields["approve_through"] = _furthest(voyage, asked["approve_through"])
    begin_fault(voyage, opening)
    if decision == "approve" and opening.kind is Kind.STEP and opening.step in voyage.hands.ends:
        voyage.hands.ends[opening.step](voyage.world)
    if decision == "approve" and "certificate" in asked:
        fields["certificate"] = _issued(voyage)
    if decision == "note":
        fields |= _word(voyage, opening)
    if decision == "approve" and "sealed_value" in asked:
        fields["sealed_value"] = voyage.platform.seal().close(SecretStr(brought(voyage)))
    return fields


def comment_of(voyage: Voyage, opening: Opening) -> str:
    """Return what a person writes at a gate, and do what it tells of.

    Also where the step was tried and failed: who approved several steps at once is asked only then.
    """
    write = voyage.hands.comments.get(opening.step)
    is_way_back = opening.kind is Kind.UNDO or voyage.state().back
    return "Seen and agreed." if write is None or is_way_back else write(voyage)


def decision_of(voyage: Voyage, opening: Opening) -> str:
    """Return what a person decides at a gate, on the way of the case."""
    if opening.kind is Kind.FAILURE:
        if voyage.strange:
            return "stop"
        is_first = voyage.case.way == "back" and not voyage.state().back
        return "roll back" if is_first else "retry"
    if voyage.case.way == "reject":
        return "reject"
    step = voyage.plan.step(opening.step)
    is_open = opening.kind is Kind.STEP and unsettled(step, voyage.state().step(step.id))
    return "note" if is_open else "approve"


def _issued(voyage: Voyage) -> str:
    """Return what the provider issues upon the request that the run made."""
    assert voyage.hands.issue is not None, "hands.py must say who issues certificates"
    return voyage.hands.issue(voyage.world, voyage.state().step("request").outputs["csr"])


def _word(voyage: Voyage, opening: Opening) -> dict[str, str]:
    """Do what the first open item asks for, and say so; gate by gate, half of it first."""
    assert voyage.hands.settle is not None, "hands.py must say what is done about an item"
    step, state = voyage.plan.step(opening.step), voyage.state()
    held = state.step(step.id)
    item = next(each for each in items_of(step) if item_state(held, each) not in SETTLED)
    if voyage.case.stepwise and item not in held.items:
        return {"item": item, "state": "registered"}
    voyage.hands.settle(voyage.world, item, state.step("issued").outputs["pem"])
    return {"item": item, "state": "confirmed"}


def begin_fault(voyage: Voyage, opening: Opening) -> None:
    """Let the fault begin at the gate it begins at, on a way that is to be taken back."""
    begins = voyage.case.way == "back" and opening.step == voyage.hands.fail_from
    if begins and opening.kind is Kind.STEP and not voyage.world.faults.listing():
        assert voyage.hands.fail is not None, "hands.py must say how the runbook is made to fail"
        voyage.world.faults.add(**voyage.hands.fail)


def _furthest(voyage: Voyage, schema: dict[str, Any]) -> str:
    reach = list(schema.get("enum", [schema.get("const")]))
    if voyage.case.way == "back" and voyage.hands.fail_from in reach[1:]:
        reach = reach[: reach.index(voyage.hands.fail_from)]
    return str(reach[-1])


def brought(voyage: Voyage) -> str:
    """Return the value a person brings: the same one if the gate is asked again."""
    if not voyage.brought:
        assert voyage.hands.bring is not None, "hands.py must say what people bring"
        voyage.brought.append(voyage.hands.bring(voyage.world))
        voyage.found.add(voyage.brought[0])
    return voyage.brought[0]


def who_decides(voyage: Voyage, opening: Opening) -> str:
    """Name somebody who may decide here and has not yet."""
    plan = voyage.plan
    gate = plan.step(opening.step).gate or plan.gate
    approvals = voyage.state().approvals
    said = {each.actor.subject for each in approvals if each.step == opening.step}
    groups = voyage.platform.people.groups
    members = [person for group in gate.groups for person in groups[group].members]
    return next(person for person in members if person not in said | {ROTATED_BY})
