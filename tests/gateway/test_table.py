"""The table of endpoints is the API of the installed Prefect, and refuses what it does not hold."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from prefect.server.api.server import create_app

from adapters.gateway import Role
from gateway.guards import GUARDS
from gateway.table import PEOPLE, SECTIONS, SOCKETS, find, rules, socket_roles
from gateway.veils import VEILS
from tests.gateway.prefect_routes import walk

DEADLY = (
    "POST /flow_runs/bulk_set_state",
    "POST /flow_runs/",
    "POST /automations/",
    "PATCH /automations/{id}",
    "POST /deployments/{id}/create_flow_run/bulk",
    "POST /deployments/{id}/schedule",
    "PUT /admin/storage",
)
"""What would act for somebody without them, or past the gateway."""


def test_every_endpoint_of_prefect_is_in_the_table_once() -> None:
    paths: dict[str, dict[str, Any]] = create_app().openapi()["paths"]
    theirs = {(method.upper(), path) for path, methods in paths.items() for method in methods}

    ours = Counter((rule.method, rule.path) for rule in rules())

    assert set(ours) - theirs == set(), "Prefect has these no more"
    assert theirs - set(ours) == set(), "Prefect has these besides: say who may call them"
    assert set(ours.values()) == {1}


def test_every_websocket_of_prefect_is_in_the_table() -> None:
    app: Any = create_app()

    sockets = {
        path for path, route in walk(app.api_app.routes) if "WebSocket" in type(route).__name__
    }
    assert sockets == set(SOCKETS)


def test_every_guard_stands_somewhere_and_every_section_has_the_guard_it_names() -> None:
    assert {section.guard for section in SECTIONS if section.guard} == set(GUARDS)
    assert all(section.condition for section in SECTIONS if section.guard)


def test_every_veil_hangs_somewhere_and_is_told_of() -> None:
    assert {section.veil for section in SECTIONS if section.veil} == set(VEILS)
    assert all(section.condition for section in SECTIONS if section.veil)


@pytest.mark.parametrize(
    ("endpoint", "veil", "unveiled"),
    [
        ("GET /admin/settings", "settings", frozenset()),
        ("GET /flow_runs/{id}/input/{key}", "answers", {Role.WORKER}),
        ("POST /flow_runs/{id}/input/filter", "answers", {Role.WORKER}),
    ],
)
def test_what_may_hold_secrets_is_veiled(
    endpoint: str, veil: str, unveiled: frozenset[Role]
) -> None:
    sections = {f"{rule.method} {rule.path}": rule.section for rule in rules()}

    assert (sections[endpoint].veil, sections[endpoint].unveiled) == (veil, unveiled)


@pytest.mark.parametrize("endpoint", DEADLY)
def test_what_acts_without_a_person_is_for_nobody(endpoint: str) -> None:
    roles = {f"{rule.method} {rule.path}": rule.section.roles for rule in rules()}

    assert roles[endpoint] == frozenset()


def test_no_machine_answers_a_gate_or_starts_a_run_and_no_person_reports() -> None:
    allowed = {rule.path: rule.section.roles for rule in rules() if rule.method == "POST"}

    assert allowed["/flow_runs/{id}/resume"] == {Role.APPROVER}
    assert allowed["/deployments/{id}/create_flow_run"] <= PEOPLE
    assert not allowed["/events"] & PEOPLE
    assert not allowed["/flow_runs/{id}/input"] & PEOPLE


@pytest.mark.parametrize(
    "path",
    [
        "/flow_runs/x/resume/",
        "//flow_runs/x/resume",
        "/flow_runs//resume",
        "/flow_runs/x/../y/resume",
        "/flow_runs/x/Resume",
        "/flow_runs/x/resume;a",
        "/flow_runs/x/y/resume",
        "flow_runs/x/resume",
        "",
        "/",
    ],
)
def test_another_spelling_is_another_endpoint(path: str) -> None:
    assert find("POST", path) is None


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post"])
def test_another_method_is_another_endpoint(method: str) -> None:
    assert find(method, "/flow_runs/x/resume") is None


def test_a_path_that_could_be_two_endpoints_is_refused() -> None:
    assert find("GET", "/work_queues/name/other") is not None
    assert find("GET", "/work_queues/x/status") is not None
    assert find("GET", "/work_queues/name/status") is None


def test_an_unknown_websocket_is_for_nobody() -> None:
    assert socket_roles("/events/sideways") == frozenset()
    assert Role.VIEWER not in socket_roles("/events/in")
    assert Role.VIEWER in socket_roles("/events/out")
