"""A request in disguise: other spellings, headers and bodies, as no page of Prefect sends them."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.gateway.town import Town

pytestmark = pytest.mark.xdist_group("gated")

RUNNING = {"state": {"type": "RUNNING"}, "force": True}
JSON = {"content-type": "application/json"}


def raw(town: Town, line: str, body: bytes, *headers: str) -> int:
    """Send a request as these very bytes, and return the status of the answer."""
    url = urlsplit(town.stage.url)
    head = [line, *headers]
    if not any(name.lower().startswith("host:") for name in headers):
        head.append(f"Host: {url.netloc}")
    if not any(name.lower().startswith("content-length:") for name in headers):
        head.append(f"Content-Length: {len(body)}")
    told = "\r\n".join([*head, "Content-Type: application/json", "Connection: close", "", ""])
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=60) as connection:
        connection.sendall(told.encode("latin-1") + body)
        answer = connection.recv(4096)
    return int(answer.split()[1]) if answer else 400


def bearer(town: Town, name: str) -> str:
    return f"Authorization: {town.client(name).headers['authorization']}"


SPELLINGS = (
    "/api/flow_runs/{run}/set_state",
    "/api/flow_runs/{run}/set_state/",
    "/api/flow_runs/{run}/set_state;a=b",
    "/api/flow_runs/{run}/set_state%00",
    "/api/flow_runs/{run}/%73et_state",
    "/api/flow_runs/{run}/Set_State",
    "/api/flow_runs/{run}%2fset_state",
    "/api/flow_runs/{run}%252fset_state",
    "/api/flow_runs/x/../{run}/set_state",
    "/api/flow_runs/x/%2e%2e/{run}/set_state",
    "/api/flow_runs/{run}/./set_state",
    "/api/flow_runs\\{run}\\set_state",
    "//api/flow_runs/{run}/set_state",
    "/api//flow_runs/{run}/set_state",
    "/API/flow_runs/{run}/set_state",
    "/v2/api/flow_runs/{run}/set_state",
    "/assets/../api/flow_runs/{run}/set_state",
    "/assets/%2e%2e/api/flow_runs/{run}/set_state",
    "/api/health/../flow_runs/{run}/set_state",
    "/gateway/../api/flow_runs/{run}/set_state",
    "http://127.0.0.1/api/flow_runs/{run}/set_state",
    "http:///api/flow_runs/{run}/set_state",
    "*",
)


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_another_spelling_of_a_path_opens_nothing(town: Town, waiting: str, spelled: str) -> None:
    body = json.dumps(RUNNING).encode()
    for run in (waiting, waiting.upper(), waiting.replace("-", "")):
        line = f"POST {spelled.format(run=run)} HTTP/1.1"

        assert 400 <= raw(town, line, body, bearer(town, "olga")) < 500, line
        assert 400 <= raw(town, line, body) < 500, line


SMUGGLED = (
    "X-Forwarded-User: anna",
    "X-Forwarded-For: 127.0.0.1",
    "X-Authentik-Username: anna",
    "X-Runbook-Proxy-Secret: guess",
    "Forwarded: for=127.0.0.1;by=anna",
    "X-PREFECT-API-KEY: rbt_guess",
    "Prefect-Automation-Id: 6f1c2f1e-0b5e-4c1e-9a39-2b6f6a0c6d11",
    "Authorization: Basic YW5uYTphbm5h",
    "Authorization: bearer",
    "Cookie: runbook=a; runbook=a",
    "Cookie: __Host-runbook=a",
)


@pytest.mark.parametrize("header", SMUGGLED)
def test_a_header_makes_nobody_known(town: Town, header: str) -> None:
    line = "POST /api/flow_runs/filter HTTP/1.1"
    also = ("X-Authentik-Groups: plana-admins", "Sec-Fetch-Site: same-origin")

    assert raw(town, line, b"{}", header, *also) == 401


OVERRIDES = ("X-HTTP-Method-Override: POST", "X-Method-Override: POST", "X-HTTP-Method: DELETE")


@pytest.mark.parametrize("header", [*OVERRIDES, "X-Original-URL: /api/health", "X-Rewrite-URL: /"])
def test_a_header_makes_no_other_request_of_one(town: Town, waiting: str, header: str) -> None:
    body = json.dumps(RUNNING).encode()
    line = f"POST /api/flow_runs/{waiting}/set_state HTTP/1.1"

    assert raw(town, line, body, bearer(town, "olga"), header) == 403
    looked = raw(town, f"GET /api/flow_runs/{waiting} HTTP/1.1", b"", bearer(town, "vera"), header)
    assert looked == 200
    assert town.client("vera").get(f"/flow_runs/{waiting}").status_code == 200


def test_a_request_that_two_programs_would_read_differently_is_read_as_none(
    town: Town, waiting: str
) -> None:
    line, inside = "POST /api/flow_runs/filter HTTP/1.1", json.dumps(RUNNING).encode()
    second = b"POST /api/flow_runs/" + waiting.encode() + b"/set_state HTTP/1.1\r\n\r\n" + inside
    known = bearer(town, "vera")

    both = raw(town, line, second, known, "Content-Length: 2", "Transfer-Encoding: chunked")
    assert both == 400
    twice = raw(town, line, b"{}", known, "Content-Length: 2", "Content-Length: 3")
    assert twice == 400
    assert raw(town, line, b"{}", known, known) == 401


BODIES = (
    b'{"state":{"type":"CANCELLED"},"state":{"type":"RUNNING"}}',
    b'\xef\xbb\xbf{"state":{"type":"RUNNING"}}',
    json.dumps(RUNNING).encode("utf-16"),
    gzip.compress(json.dumps(RUNNING).encode(), mtime=0),
    b'{"state":{"type":["RUNNING"]}}',
    b'{"state":{"type":{"RUNNING":1}}}',
    b'{"state":{"type":"running"}}',
    b'{"state":{"type":null}}',
    b'{"state":[]}',
    b'{"state":"RUNNING"}',
    b'{"state":' + b'{"a":' * 900 + b"1" + b"}" * 901,
    b"{}",
    b"[]",
    b"",
)


@pytest.mark.parametrize("body", BODIES)
def test_a_state_in_no_disguise_opens_a_gate(town: Town, waiting: str, body: bytes) -> None:
    for more in ({}, {"content-encoding": "gzip"}):
        sent = town.client("olga").post(
            f"/flow_runs/{waiting}/set_state", content=body, headers={**JSON, **more}
        )

        assert sent.status_code == 403, sent.text


ODD: tuple[dict[str, Any], ...] = (
    {"parameters": []},
    {"parameters": "x"},
    {"empirical_policy": []},
    {"empirical_policy": "pause_keys"},
    {"work_queue_name": ["a"]},
    {"state": "SCHEDULED"},
    {"state": {"type": ["SCHEDULED"]}},
    {"state": {"type": "SCHEDULED", "state_details": []}},
)


@pytest.mark.parametrize("odd", ODD)
def test_a_start_of_another_shape_is_refused(town: Town, odd: dict[str, Any]) -> None:
    path = f"/deployments/{town.deployment()}/create_flow_run"

    assert town.client("otto").post(path, json=odd).status_code == 403


@pytest.mark.parametrize("keys", ["generate-step-1", [["generate-step-1"]], {"a": 1}, [{}]])
def test_a_pause_key_of_another_shape_is_refused(town: Town, waiting: str, keys: Any) -> None:
    body = {"empirical_policy": {"pause_keys": keys}}

    assert town.client("worker").patch(f"/flow_runs/{waiting}", json=body).status_code == 403
