"""At the doors of a real gateway: nobody gets more of Prefect than the table gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from engine.ledger import Event
from tests.gateway.town import PEOPLE, Town, held_at_gate

pytestmark = pytest.mark.xdist_group("gated")

ALL = ("", *PEOPLE, "worker")
Call = tuple[str, str, dict[str, Any] | None]


@pytest.fixture(scope="module")
def waiting(town: Town) -> Iterator[str]:
    """A run that stands at its first gate, and shall stand there still afterwards."""
    yield from held_at_gate(town, "matomo-admin-password")


def _states() -> list[Call]:
    kinds = ("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "PAUSED")
    return [
        ("POST", "/flow_runs/{run}/set_state", {"state": {"type": kind}, "force": force})
        for kind in kinds
        for force in (False, True)
        if kind != "PAUSED" or not force
    ]


SIDE_DOORS: list[Call] = [
    *_states(),
    ("POST", "/flow_runs/bulk_set_state", {"state": {"type": "RUNNING"}}),
    ("POST", "/flow_runs/bulk_delete", {"flow_runs": {"id": {"any_": ["{run}"]}}}),
    ("POST", "/flow_runs/{run}/input", {"key": "suspended-{key}-response", "value": "{}"}),
    ("PATCH", "/flow_runs/{run}", {"parameters": {"secret": "redis-password"}}),
    ("PATCH", "/flow_runs/{run}", {"empirical_policy": {"pause_keys": ["sops-step-2"]}}),
    ("PATCH", "/flow_runs/{run}", {"job_variables": {"command": "true"}}),
    ("POST", "/flow_runs/", {"flow_id": "{run}"}),
    ("POST", "/automations/", {"name": "a", "trigger": {}, "actions": []}),
    ("POST", "/deployments/{deployment}/schedule", {}),
    ("POST", "/deployments/{deployment}/create_flow_run/bulk", {}),
    ("PATCH", "/deployments/{deployment}", {"job_variables": {"command": "true"}}),
    ("DELETE", "/deployments/{deployment}", None),
    ("POST", "/block_documents/", {}),
    ("POST", "/variables/", {"name": "a", "value": 1}),
    ("PUT", "/admin/storage", {}),
    ("DELETE", "/flow_runs/{run}", None),
    ("POST", "/flow_runs/{run}/resume/", {"run_input": {}}),
    ("POST", "//flow_runs/{run}/resume", {"run_input": {}}),
]


@pytest.mark.parametrize("name", ALL)
def test_no_side_door_is_open(town: Town, waiting: str, name: str) -> None:
    key = f"{town.stands(waiting).step}-step-1"
    for method, path, body in SIDE_DOORS:
        if name == "worker" and body == {"state": {"type": "PAUSED"}, "force": False}:
            continue  # to say that a run waits opens nothing
        told = json.dumps(body).replace("{run}", waiting).replace("{key}", key)
        where = path.format(run=waiting, deployment=town.deployment())
        sent = town.client(name).request(
            method,
            f"{town.stage.api_url}{where}",
            content=told if body is not None else None,
            headers={"content-type": "application/json"},
        )
        assert sent.status_code in {401, 403}, (name, method, path, sent.text)


@pytest.mark.parametrize("name", [name for name in ALL if name not in {"olga", "otto", "anna"}])
def test_only_approvers_answer(town: Town, waiting: str, name: str) -> None:
    assert town.answer(waiting, name).status_code in {401, 403}


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"run_input": None},
        {"run_input": {}},
        {"run_input": {"decision": "approve"}},
        {"run_input": {"decision": "approve", "gate": "generate-step-2"}},
        {"run_input": {"decision": {"__prefect_kind": "json", "value": '"approve"'}, "gate": "K"}},
        {"run_input": {"decision": "approve", "gate": "K", "more": [{"__prefect_kind": "jinja"}]}},
        {"run_input": ["approve"]},
        ["approve"],
        "approve",
    ],
)
def test_an_answer_names_its_gate_and_is_what_it_is(town: Town, waiting: str, body: Any) -> None:
    told = json.loads(json.dumps(body).replace('"K"', '"generate-step-1"'))
    sent = town.client("olga").post(f"/flow_runs/{waiting}/resume", json=told)

    assert sent.status_code == 403, sent.text


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"run_input":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b"\xff\xfe{\x00}\x00",
        b'{"run_input":',
        b"[" * 100_000,
        b"1",
        b'{"a": NaN, ',
    ],
)
def test_a_body_that_is_none_is_refused(town: Town, waiting: str, raw: bytes) -> None:
    client, kind = town.client("olga"), {"content-type": "application/json"}

    sent = client.post(f"/flow_runs/{waiting}/resume", content=raw, headers=kind)

    assert sent.status_code == 403


def test_a_body_that_is_too_long_is_refused(town: Town, waiting: str) -> None:
    client, kind = town.client("olga"), {"content-type": "application/json"}

    sent = client.post(
        f"/flow_runs/{waiting}/resume", content=b" " * (7 * 1024 * 1024), headers=kind
    )

    assert sent.status_code == 413


STARTS = [
    {"job_variables": {"command": "true"}},
    {"enforce_parameter_schema": False},
    {"labels": {"runbook.initiator": "x"}},
    {"idempotency_key": "gateway-x"},
    {"context": {"a": 1}},
    {"parent_task_run_id": "6f1c2f1e-0b5e-4c1e-9a39-2b6f6a0c6d11"},
    {"work_queue_name": "mine"},
    {"empirical_policy": {"pause_keys": ["generate-step-1"]}},
    {"state": {"type": "RUNNING"}},
    {"state": {"type": "COMPLETED"}},
    {"parameters": {"reason": {"__prefect_kind": "jinja", "template": "{{ 1 }}"}}},
]


@pytest.mark.parametrize("more", STARTS, ids=lambda more: next(iter(more)))
def test_a_start_says_only_what_a_start_may(town: Town, more: dict[str, Any]) -> None:
    given = {"parameters": {"reason": "a test", "secret": "redis-password"}, **more}

    sent = town.client("otto").post(f"/deployments/{town.deployment()}/create_flow_run", json=given)

    assert sent.status_code == 403


@pytest.mark.parametrize("name", ["", "vera", "uma", "worker"])
def test_only_operators_start_runs(town: Town, name: str) -> None:
    given = {"parameters": {"reason": "a test", "secret": "redis-password"}}
    sent = town.client(name).post(f"/deployments/{town.deployment()}/create_flow_run", json=given)

    assert sent.status_code in {401, 403}


def test_a_run_says_in_prefect_who_started_it_whatever_a_header_says(
    town: Town, waiting: str
) -> None:
    run = town.client("olga").get(f"/flow_runs/{waiting}").json()

    assert run["created_by"]["display_value"] == "otto"
    assert town.trail(waiting)[0].actor.subject == "otto"
    assert town.trail(waiting)[0].actor.verified == "token"


def test_secrets_of_blocks_are_not_for_people(town: Town) -> None:
    for name in PEOPLE:
        sent = town.client(name).post("/block_documents/filter", json={"include_secrets": True})
        assert sent.status_code == 200
    assert town.client("").post("/block_documents/filter", json={}).status_code == 401


def test_viewers_look_but_not_at_answers(town: Town, waiting: str) -> None:
    key = "suspended-generate-step-1-schema"
    codes = {
        name: town.client(name).get(f"/flow_runs/{waiting}/input/{key}").status_code
        for name in ("vera", "uma", "olga")
    }

    assert codes == {"vera": 403, "uma": 200, "olga": 200}
    assert town.client("vera").post("/flow_runs/filter", json={}).status_code == 200
    assert town.client("vera").get("/admin/settings").status_code == 200


FOREIGN = [
    {},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "OWN", "sec-fetch-site": "cross-site"},
    {"origin": "OWN", "sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_answers_nothing_with_a_persons_session(
    town: Town, waiting: str, headers: dict[str, str]
) -> None:
    browser, own = town.browser("olga"), town.stage.url
    sent = {name: value.replace("OWN", own) for name, value in headers.items()}
    body = {"run_input": {"decision": "approve", "gate": "generate-step-1"}}

    answered = browser.post(f"/api/flow_runs/{waiting}/resume", json=body, headers=sent)
    looked = browser.post("/api/flow_runs/filter", json={}, headers=sent)

    assert (answered.status_code, looked.status_code) == (403, 403)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_session_sends_json_alone(town: Town, kind: str) -> None:
    browser = town.browser("olga")
    headers = {"origin": town.stage.url, "content-type": kind}

    sent = browser.post("/api/flow_runs/filter", content=b"{}", headers=headers)

    assert sent.status_code == 403
    allowed = browser.post("/api/flow_runs/filter", json={}, headers={"origin": town.stage.url})
    assert allowed.status_code == 200


def test_a_page_sends_a_stranger_to_sign_in_and_back(town: Town) -> None:
    url = town.stage.url
    page = httpx.get(f"{url}/runs?a=b", headers={"accept": "text/html"})

    assert page.status_code == 303
    assert page.headers["location"] == "/gateway/login?next=/runs%3Fa%3Db"
    assert httpx.get(f"{url}/api/flow_runs/x").status_code == 401
    assert httpx.get(f"{url}/api/health").status_code == 200
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert town.browser("anna").get(path).status_code == 403
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_every_refusal_is_told_with_who_and_what_and_no_body(town: Town, waiting: str) -> None:
    town.client("vera").post(f"/flow_runs/{waiting}/resume", json={"run_input": {"comment": "xyz"}})

    log = town.stage.programs["server"].log.read_text()

    assert f'"who": "vera", "method": "POST", "path": "/api/flow_runs/{waiting}/resume"' in log
    assert "xyz" not in log


def test_people_cancel_and_retry_and_the_trail_names_them(town: Town) -> None:
    run = town.start("website-session-secret")
    first = town.stands(run)
    path = f"/flow_runs/{run}/set_state"

    cancelled = town.client("anna").post(path, json={"state": {"type": "CANCELLED"}})
    retried = town.client("olga").post(path, json={"state": {"type": "SCHEDULED"}})

    assert (cancelled.json()["state"]["type"], retried.json()["status"]) == ("CANCELLED", "ACCEPT")
    second = town.stands(run, first.number)
    assert (second.step, second.number) == (first.step, first.number + 1)
    events = {entry.event for entry in town.trail(run)}
    assert Event.GATE_APPROVED not in events
    [resumed] = [entry for entry in town.trail(run) if entry.event is Event.RUN_RESUMED]
    assert (resumed.actor.subject, resumed.actor.verified) == ("olga", "token")
    assert (resumed.details["cause"], bool(resumed.details["token"])) == ("retry", True)
    assert resumed.details["cancelled"]["subject"] == "anna"
    town.reject(run)


def test_a_token_that_a_person_sends_is_dropped_for_the_real_one(town: Town) -> None:
    run = town.start("psd2-webhook-secret")
    opening = town.stands(run)

    sent = town.answer(run, "olga", approval_token="forged", name="anna", comment="ja", via="cli")

    assert sent.status_code == 201
    town.stands(run, opening.number)
    town.reject(run)
    approved = next(e for e in town.trail(run) if e.event is Event.GATE_APPROVED)
    assert (approved.actor.subject, approved.actor.verified) == ("olga", "token")
    assert approved.actor.groups == ("plana-staff",)
    assert approved.details["token_id"]
    assert approved.details["token"] != "forged"
