"""Prefect's own doors do not open a gate: only an answer that the policy takes does."""

from __future__ import annotations

from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.input import keyset_from_paused_state
from prefect.runtime import flow_run
from prefect.states import Cancelled, Pending, Running, Scheduled, Suspended
from pydantic import BaseModel

from demo.stage import Stage
from engine.errors import Refused
from engine.ledger import Entry, Event
from engine.state import Opening, Outcome
from flows.door import answer, open_gate, prefect_state
from flows.gate import halt
from tests.flows.voyages import begin, entries, gate, revive, state, until

pytestmark = pytest.mark.xdist_group("stage")


class Form(BaseModel):
    """A form with a single field."""

    decision: str


def test_no_side_door_opens_a_gate(stage: Stage) -> None:
    run = begin("rotate-api-key", secret="website-session-secret")
    first = _gate(stage, run, 0)

    with pytest.raises(Refused, match="decision"):
        answer(run, {})
    with pytest.raises(Refused, match="generate-step-1"):
        answer(run, _approval("olga", "publish-step-9"))

    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), Scheduled(), force=True)
    second = _gate(stage, run, first.number)
    assert _last_refusal(stage, run).details["why"] == "the run was resumed without an answer"

    answer(run, _approval("mallory", open_gate(run).key))
    third = _gate(stage, run, second.number)
    assert _last_refusal(stage, run).actor.subject == "mallory"
    assert "mallory is in none of the groups" in open_gate(run).words

    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), Cancelled(), force=True)
    revive(stage, run)
    fourth = _gate(stage, run, third.number)
    assert fourth.step == "generate"

    answer(run, {**_approval("olga", open_gate(run).key), "decision": "reject"})
    until(lambda: state(stage, run).outcome, "the run to end")
    assert state(stage, run).outcome is Outcome.REJECTED
    assert not any(
        e.event is Event.STEP_STARTED and e.step == "generate" for e in entries(stage, run)
    )


def test_a_gate_that_lost_its_words_can_be_answered(stage: Stage) -> None:
    run = begin("rotate-api-key", secret="website-session-secret")
    first = _gate(stage, run, 0)
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(run)).state
        assert state is not None
        words = (state.state_details.run_input_keyset or {})["description"]
        client.request(
            "DELETE", "/flow_runs/{id}/input/{key}", path_params={"id": run, "key": words}
        )

    waiting = open_gate(run)
    answer(run, {**_approval("olga", waiting.key), "decision": "reject"})

    assert waiting.words == ""
    assert waiting.key.endswith(f"-{first.number}")
    until(lambda: _outcome(stage, run), "the run to end")


def test_a_gate_whose_replies_were_lost_has_its_form_all_the_same(stage: Stage) -> None:
    name = "generate-step-1"

    @flow(persist_result=False)
    def ask(secret: str, reason: str, requested_by: str) -> None:
        with get_client(sync_client=True) as client:  # the one that got through
            first: State[None] = Suspended(timeout_seconds=60, pause_key=name)
            keyset: dict[str, str] = dict(keyset_from_paused_state(first).items())
            first.state_details.run_input_keyset = keyset
            client.create_flow_run_input(flow_run.id, keyset["schema"], '"half a form"')
            client.set_flow_run_state(flow_run.id, first)
        halt(Form, "Agreed?", name, 60)

    with get_client(sync_client=True) as client:
        deployed = client.read_deployment_by_name("rotate-api-key/rotate-api-key")
        reason = "a test of the engine"
        given = {"secret": "redis-password", "reason": reason, "requested_by": "otto"}
        made = client.create_flow_run_from_deployment(
            deployed.id, parameters=given, state=Pending()
        )
        with pytest.raises(Pause):
            run_flow(ask, flow_run=made)
        waiting = open_gate(str(made.id))
        client.set_flow_run_state(made.id, Cancelled(), force=True)

    assert waiting.key == name
    assert waiting.words == "Agreed?"
    assert set(waiting.schema["properties"]) == {"decision"}


def test_running_by_force_runs_no_step(stage: Stage) -> None:
    run = begin("rotate-api-key", secret="website-session-secret")
    _gate(stage, run, 0)

    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), Running(), force=True)
        client.set_flow_run_state(UUID(run), Cancelled(), force=True)
    revive(stage, run)
    opening = _gate(stage, run, 1)
    answer(run, {**_approval("olga", open_gate(run).key), "decision": "reject"})
    until(lambda: state(stage, run).outcome, "the run to end")

    assert opening.number == 2
    assert "generate" not in {e.step for e in entries(stage, run) if e.event is Event.STEP_STARTED}


def test_a_second_run_for_the_same_secret_is_refused_and_told_who_holds_it(stage: Stage) -> None:
    first = begin("rotate-api-key", by="otto", secret="psd2-webhook-secret")
    _gate(stage, first, 0)

    second = begin("rotate-api-key", by="petra", secret="psd2-webhook-secret")
    until(lambda: True if prefect_state(second) == "Failed" else None, "the second to be refused")
    with get_client(sync_client=True) as client:
        told = client.read_flow_run(UUID(second)).state
    answer(first, {**_approval("olga", open_gate(first).key), "decision": "reject"})
    until(lambda: state(stage, first).outcome, "the first to end")
    revive(stage, second)

    assert told is not None
    assert "otto" in str(told.message)
    assert first[:8] in str(told.message) or first in str(told.message)
    assert _gate(stage, second, 0).step == "generate"
    answer(second, {**_approval("olga", open_gate(second).key), "decision": "reject"})
    until(lambda: state(stage, second).outcome, "the second to end")


def _gate(stage: Stage, run: str, after: int) -> Opening:
    opening = gate(stage, run, after)
    assert opening is not None
    until(lambda: True if _shown(run, opening) else None, "the form to be there")
    return opening


def _shown(run: str, opening: Opening) -> bool:
    try:
        return open_gate(run).key.endswith(f"-{opening.number}")
    except Refused:
        return False


def _approval(name: str, key: str) -> dict[str, str]:
    return {"decision": "approve", "name": name, "gate": key}


def _last_refusal(stage: Stage, run: str) -> Entry:
    return [e for e in entries(stage, run) if e.event is Event.GATE_REFUSED][-1]


def _outcome(stage: Stage, run: str) -> Outcome | None:
    return state(stage, run).outcome
