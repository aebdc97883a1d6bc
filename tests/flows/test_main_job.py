"""The main job: a secret is rotated through both stores and the cluster, gate by gate."""

from __future__ import annotations

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, TaskRunFilter

from demo.proof import ask_sandbox, proofs
from demo.stage import Stage
from engine.ledger import Event, verify
from engine.state import Outcome
from tests.flows.voyages import begin, entries, sail

pytestmark = pytest.mark.xdist_group("stage")


def test_the_anthropic_key_is_rotated_and_every_claim_about_it_holds(stage: Stage) -> None:
    before = ask_sandbox(stage, "state")
    run = begin()

    ended = sail(stage, run)

    after = ask_sandbox(stage, "state")
    assert ended.outcome is Outcome.COMPLETED
    assert len(list(proofs(stage, run))) == 5
    assert after["anthropic"]["deactivations"] - before["anthropic"]["deactivations"] == 1
    assert _restarts(after) - _restarts(before) == 1
    assert not [branch for branch in after["remote"]["branches"] if branch != "main"]
    verify(stage.platform().journal.entries())


def test_the_trail_names_who_approved_each_step(stage: Stage) -> None:
    run = begin("rotate-api-key", secret="matomo-admin-password")
    sail(stage, run)

    trail = entries(stage, run)
    approved = {e.step: e.actor.subject for e in trail if e.event is Event.GATE_APPROVED}
    done = {e.step for e in trail if e.event in (Event.STEP_SUCCEEDED, Event.STEP_FOUND_DONE)}

    assert trail[0].actor.subject == "otto"
    assert set(approved) == {
        "generate",
        "sops",
        "vaultwarden",
        "publish",
        "reconcile",
        "restart",
        "verify",
    }
    assert set(approved.values()) == {"olga"}
    assert set(approved) < done
    assert ask_sandbox(stage, "agreement")["matomo.admin_password"] == {
        "sops": True,
        "vaultwarden": True,
        "kubernetes": True,
        "pods": True,
    }


def test_prefect_shows_steps_by_name_and_the_record_as_an_artifact(stage: Stage) -> None:
    run = begin("rotate-api-key", secret="psd2-webhook-secret")
    sail(stage, run)

    with get_client(sync_client=True) as client:
        tasks = client.read_task_runs(
            flow_run_filter=FlowRunFilter.model_validate({"id": {"any_": [run]}}),
            task_run_filter=TaskRunFilter(),
        )
        artifacts = client.request(
            "POST",
            "/artifacts/latest/filter",
            json={"artifacts": {"key": {"any_": [f"run-{run}"]}}},
        ).json()

    assert {task.name for task in tasks} == {
        "preflight",
        *(step.id for step in stage.platform().runbook("rotate-api-key").steps),
    }
    assert "State: **completed**" in artifacts[0]["data"]
    assert "| olga |" in artifacts[0]["data"]


def _restarts(state: dict[str, dict[str, dict[str, int]]]) -> int:
    return state["kubernetes"]["restarts"]["ai-bos-agent/ai-agents"]
