"""Doors behind the gates: code on workers, reports, automations, blocks, and what machines may do."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.gateway.town import PEOPLE, Town

pytestmark = pytest.mark.xdist_group("gated")

JSON = {"content-type": "application/json"}

CODE: tuple[tuple[str, str, Any], ...] = (
    ("PATCH", "/deployments/{deployment}", {"parameters": {"reason": "another"}}),
    ("PATCH", "/deployments/{deployment}", {"entrypoint": "evil.py:run"}),
    ("PATCH", "/deployments/{deployment}", {"pull_steps": [{"a": {}}]}),
    ("PATCH", "/deployments/{deployment}", {"job_variables": {"command": "true"}}),
    ("POST", "/deployments/{deployment}/schedules", []),
    ("PATCH", "/work_pools/oncall", {"base_job_template": {}}),
    ("POST", "/work_pools/", {"name": "mine", "type": "process"}),
    ("POST", "/work_pools/oncall/get_scheduled_flow_runs", {}),
    ("POST", "/work_pools/oncall/workers/heartbeat", {"name": "mine"}),
    ("POST", "/flows/", {"name": "mine"}),
    ("POST", "/variables/", {"name": "a", "value": 1}),
    ("PATCH", "/variables/name/a", {"value": 1}),
    ("POST", "/concurrency_limits/", {"tag": "a", "concurrency_limit": 0}),
    ("POST", "/v2/concurrency_limits/", {"name": "a", "limit": 0}),
    ("POST", "/v2/concurrency_limits/increment", {"names": ["a"], "slots": 1}),
    ("POST", "/artifacts/", {"key": "run-{run}", "type": "markdown", "data": "all is well"}),
    ("POST", "/logs/", []),
    ("POST", "/events", []),
    ("POST", "/task_runs/", {"flow_run_id": "{run}", "task_key": "a", "dynamic_key": "a"}),
    ("POST", "/task_runs/{run}/set_state", {"state": {"type": "COMPLETED"}}),
    ("PATCH", "/flow_runs/{run}/labels", {"runbook.retry": "x"}),
    ("DELETE", "/flow_runs/{run}/input/suspended-generate-step-1-schema", None),
    ("POST", "/ui/anything", {}),
    ("OPTIONS", "/flow_runs/{run}", None),
    ("TRACE", "/flow_runs/{run}", None),
)


@pytest.mark.parametrize("name", ["", *PEOPLE])
def test_people_put_no_code_on_workers_and_report_nothing(
    town: Town, waiting: str, name: str
) -> None:
    for method, path, body in CODE:
        told = json.dumps(body).replace("{run}", waiting) if body is not None else None
        where = path.format(run=waiting, deployment=town.deployment())
        sent = town.client(name).request(method, where, content=told, headers=JSON)

        assert sent.status_code in {401, 403}, (name, method, path, sent.text)


def test_an_automation_is_made_and_changed_by_nobody(town: Town, waiting: str) -> None:
    act = {"type": "resume-flow-run"}
    made = {"name": "a", "trigger": {"type": "event", "posture": "Reactive"}, "actions": [act]}
    for name in (*PEOPLE, "worker", "deployer"):
        client = town.client(name)
        for method, path in (
            ("POST", ""),
            ("PUT", waiting),
            ("PATCH", waiting),
            ("DELETE", waiting),
        ):
            sent = client.request(method, f"/automations/{path}", json=made)
            assert sent.status_code == 403, (name, method)


def test_a_deployer_deploys_and_moves_no_run(town: Town, waiting: str) -> None:
    deployer = town.client("deployer")
    for path, body in (
        (f"/flow_runs/{waiting}/resume", {"run_input": {}}),
        (f"/flow_runs/{waiting}/set_state", {"state": {"type": "CANCELLED"}}),
        (f"/flow_runs/{waiting}/input", {"key": "a", "value": "b"}),
        (f"/flow_runs/{waiting}/input/filter", {}),
        (f"/deployments/{town.deployment()}/create_flow_run", {"parameters": {}}),
        ("/flow_runs/bulk_set_state", {"state": {"type": "RUNNING"}}),
        ("/flow_runs/", {"flow_id": waiting}),
    ):
        assert deployer.post(path, json=body).status_code == 403, path
    assert deployer.post("/deployments/filter", json={}).status_code == 200


def test_a_worker_signs_no_move_of_somebody_else(town: Town, waiting: str) -> None:
    worker = town.client("worker")
    before = worker.get(f"/flow_runs/{waiting}").json()["labels"]
    forged = {"runbook.retry": "x", "runbook.cancel": "x", "Runbook.retry": "y"}

    assert worker.patch(f"/flow_runs/{waiting}/labels", json=forged).status_code == 204
    after = worker.get(f"/flow_runs/{waiting}").json()["labels"]
    assert after == {**before, "Runbook.retry": "y"}


QUERIES = (
    "include_secrets=true", "include_secrets=false&include_secrets=true",
    "%69nclude_secrets=true", "include%5Fsecrets=1", "INCLUDE_SECRETS=true&include_secrets=on",
)  # fmt: skip


def test_the_secret_of_a_block_is_shown_to_the_worker_alone(town: Town) -> None:
    block = secret_block(town)
    where = f"/block_documents/{block}"
    for name in (*PEOPLE, "deployer"):
        client = town.client(name)
        shown = [client.get(f"{where}?{query}").text for query in QUERIES]
        shown.append(client.post("/block_documents/filter", json={"include_secrets": True}).text)
        assert not any("not-for-people" in text for text in shown), name
        assert all("********" in text for text in shown), name
    assert "not-for-people" in town.client("worker").get(f"{where}?{QUERIES[0]}").text
    assert town.client("deployer").delete(where).status_code == 204


def secret_block(town: Town) -> str:
    """Make a block that holds a secret, as a deployer does, and return its id."""
    deployer = town.client("deployer")
    deployer.post("/block_types/install_system_block_types").raise_for_status()
    kind = deployer.get("/block_types/slug/secret").json()["id"]
    of_kind = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
    [schema, *_] = deployer.post("/block_schemas/filter", json=of_kind).json()
    made: httpx.Response = deployer.post(
        "/block_documents/",
        json={
            "name": "doors",
            "data": {"value": "not-for-people"},
            "block_type_id": kind,
            "block_schema_id": schema["id"],
        },
    )
    return str(made.raise_for_status().json()["id"])


def test_a_start_is_the_persons_own_whatever_its_headers_say(town: Town) -> None:
    headers = {
        "prefect-automation-id": "6f1c2f1e-0b5e-4c1e-9a39-2b6f6a0c6d11",
        "prefect-automation-name": "nightly",
    }
    given = {"parameters": {"reason": "a test", "secret": "website-session-secret"}}
    path = f"/deployments/{town.deployment()}/create_flow_run"

    run = town.client("otto").post(path, json=given, headers=headers).json()

    assert (run["created_by"]["type"], run["created_by"]["display_value"]) == ("USER", "otto")
    town.stands(run["id"])
    town.reject(run["id"])
