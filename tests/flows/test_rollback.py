"""Before the point of no return a failed rotation can be taken back, gate by gate."""

from __future__ import annotations

import httpx
import pytest

from demo.oncall import OnCall
from demo.proof import ask_sandbox
from demo.stage import Stage
from engine.state import Kind, Outcome
from flows.door import answer, open_gate
from tests.flows.voyages import begin, entries, gate, state

pytestmark = pytest.mark.xdist_group("stage")


def test_everything_is_as_before_after_a_rollback(stage: Stage) -> None:
    fault = {
        "double": "app",
        "path": "/health/matomo",
        "kind": "status",
        "status": 404,
        "times": None,
    }
    control = f"{stage.world['urls']['control']}/sandbox/faults"
    httpx.post(control, json=fault).raise_for_status()
    run = begin("rotate-api-key", secret="matomo-admin-password")
    old = ""
    people, number = OnCall(stage), 0
    while (opening := gate(stage, run, number)) is not None:
        number = opening.number
        old = old or str(state(stage, run).step("current").outputs["fingerprint"])
        if opening.kind is Kind.FAILURE:
            assert opening.step == "verify"
            httpx.delete(control).raise_for_status()
            people.wait_for(run, opening)
            answer(run, {"decision": "roll back", "name": "olga", "gate": open_gate(run).key})
        else:
            people.decide(run, opening)

    ended = state(stage, run)
    undone = [entry.step for entry in entries(stage, run) if entry.event == "undo.succeeded"]
    assert ended.outcome is Outcome.ROLLED_BACK
    assert undone == ["publish", "vaultwarden", "sops", "reconcile", "arrived", "restart"]
    assert all(ask_sandbox(stage, "agreement")["matomo.admin_password"].values())
    assert not [b for b in ask_sandbox(stage, "state")["remote"]["branches"] if run in b]
    again = begin("rotate-api-key", secret="matomo-admin-password")
    opening = gate(stage, again)
    assert opening is not None
    assert state(stage, again).step("current").outputs["fingerprint"] == old
    people.wait_for(again, opening)
    answer(again, {"decision": "reject", "name": "olga", "gate": open_gate(again).key})
    assert gate(stage, again, opening.number) is None
