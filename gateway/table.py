"""Who may call what: one table of every endpoint of Prefect 3.8, and all else is refused.

`tests/gateway/test_table.py` holds it to the API of the installed Prefect, so that an upgrade that
adds an endpoint is seen; until somebody has put it here, it is refused. `docs/gateway.md` shows
the same table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from adapters.gateway import Role
from gateway import endpoints

V, U, O, P, M = Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.APPROVER, Role.ADMIN  # noqa: E741
W, D = Role.WORKER, Role.DEPLOYER
PEOPLE = frozenset({V, U, O, P, M})
ALL = PEOPLE | {W, D}


@dataclass(frozen=True)
class Section:
    """Endpoints that the same roles may call under the same condition."""

    title: str
    roles: frozenset[Role]
    listed: str
    condition: str = ""
    """What is checked besides, in words."""
    guard: str = ""
    """Name of the function in `gateway.guards` that checks it."""
    is_counted: bool = False
    """Whether there is a limit to how often one may."""
    veil: str = ""
    """Name of the function in `gateway.veils` that takes out of the answer what is secret."""
    unveiled: frozenset[Role] = frozenset()
    """Who gets the answer as it is."""


@dataclass(frozen=True)
class Rule:
    """One endpoint."""

    method: str
    path: str
    section: Section


SECTIONS = (
    Section("Signs of life", ALL, endpoints.SIGNS),
    Section(
        "Look at Prefect's settings",
        ALL,
        "GET /admin/settings",
        "without headers, and addresses that name somebody or have a query",
        veil="settings",
    ),
    Section("Look at everything but answers", ALL, endpoints.LOOKS),
    Section(
        "Look at documents of blocks",
        ALL,
        endpoints.BLOCK_LOOKS,
        "with their secrets for the worker alone",
        "without_secrets",
    ),
    Section(
        "Look at forms and answers of gates",
        frozenset({U, O, P, M, W}),
        endpoints.ANSWERS,
        "with sealed values for the worker alone",
        veil="answers",
        unveiled=frozenset({W}),
    ),
    Section(
        "Start a run",
        frozenset({O, M}),
        "POST /deployments/{id}/create_flow_run",
        "inputs, name, tags and time alone, and no templates; **stamped**",
        "start_run",
        is_counted=True,
    ),
    Section(
        "Answer a gate",
        frozenset({P}),
        "POST /flow_runs/{id}/resume",
        "the run is paused at the gate that the answer names; **signed**",
        "answer_gate",
        is_counted=True,
    ),
    Section(
        "Cancel or retry a run",
        frozenset({O, P, M, W}),
        "POST /flow_runs/{id}/set_state",
        "people: cancel, or retry what has failed, crashed or was cancelled; the worker: anything "
        "but leaving a gate",
        "change_state",
    ),
    Section(
        "Delete a run",
        frozenset({M}),
        "DELETE /flow_runs/{id}",
        "one that has ended",
        "ended_run",
    ),
    Section("Pause and resume deployments", frozenset({M, D}), endpoints.PAUSING),
    Section("Report on runs", frozenset({W}), endpoints.REPORTS),
    Section(
        "Change what is known of a run",
        frozenset({W}),
        "PATCH /flow_runs/{id}",
        "its process, name, tags and version; never its inputs",
        "mend_run",
    ),
    Section(
        "Write the form of a gate",
        frozenset({W}),
        "POST /flow_runs/{id}/input",
        "never an answer",
        "write_input",
    ),
    Section("Remove a sealed answer", frozenset({W}), "DELETE /flow_runs/{id}/input/{key}"),
    Section(
        "Label a run",
        frozenset({W}),
        "PATCH /flow_runs/{id}/labels",
        "labels that begin with `runbook.` are left out",
        "label_run",
    ),
    Section(
        "Change deployments, work pools, blocks, variables and limits",
        frozenset({D}),
        endpoints.DEPLOYING,
    ),
    Section(
        "Nobody",
        frozenset(),
        endpoints.NOBODY,
        "automations and schedules act inside the server, past the gateway",
    ),
)

SOCKETS: Mapping[str, frozenset[Role]] = {
    "/events/out": ALL,
    "/logs/out": ALL,
    "/events/in": frozenset({W}),
    "/task_runs/subscriptions/scheduled": frozenset(),
    "/work_pools/{work_pool_name}/workers/connect": frozenset({W}),
}
"""Websockets, and who may open them."""


@cache
def rules() -> tuple[Rule, ...]:
    """Return the table, an endpoint a row."""
    return tuple(
        Rule(method, path, section)
        for section in SECTIONS
        for method, path in map(str.split, section.listed.strip().splitlines())
    )


def find(method: str, path: str) -> tuple[Rule, Mapping[str, str]] | None:
    """Return the one rule for this endpoint, with the parts of its path that vary.

    None where there is none, and where two would fit, as then it is not certain what Prefect does.
    """
    found = [
        (rule, match.groupdict())
        for rule in rules()
        if rule.method == method and (match := _pattern(rule.path).fullmatch(path))
    ]
    return found[0] if len(found) == 1 else None


def socket_roles(path: str) -> frozenset[Role]:
    """Return who may open this websocket."""
    found = [roles for known, roles in SOCKETS.items() if _pattern(known).fullmatch(path)]
    return found[0] if len(found) == 1 else frozenset()


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
