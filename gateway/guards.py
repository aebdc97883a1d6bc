"""What a body may say: each guard returns the body that Prefect gets, or raises `Forbidden`.

A guard never returns what came as it came: it builds a body of what it knows, so that what it did
not look at does not arrive.
"""

from __future__ import annotations

from typing import Any

from adapters.gateway import Role
from flows.evidence import STAMP
from flows.form import REQUESTED_BY
from gateway.asking import Asking, mapping
from gateway.gates import answer_gate
from gateway.identity import Forbidden
from gateway.moves import change_state, ended_run
from gateway.templates import refuse_templates

NOT_FOR_PEOPLE = (
    "job_variables",
    "context",
    "labels",
    "idempotency_key",
    "parent_task_run_id",
    "infrastructure_document_id",
)
"""Fields of a start that change what is executed, where, or who is said to have started it."""
MENDABLE = ("name", "infrastructure_pid", "tags", "flow_version")
PAUSE_KEYS = "pause_keys"


async def start_run(asking: Asking) -> dict[str, Any]:
    """Let a person start a run of a deployment, and stamp who it was."""
    body = asking.body
    refused = [name for name in NOT_FOR_PEOPLE if body.get(name)]
    if refused:
        raise Forbidden(f"a start takes no {', '.join(refused)}")
    if body.get("enforce_parameter_schema") is False:
        raise Forbidden("a start's inputs are always checked")
    if mapping(body.get("empirical_policy"), "empirical_policy").get(PAUSE_KEYS):
        raise Forbidden("a start passes no gates")
    deployment = await asking.inside.deployment(asking.id)
    if body.get("work_queue_name") not in (None, deployment.get("work_queue_name")):
        raise Forbidden("a start takes no other work queue than the deployment's own")
    given = dict(mapping(body.get("parameters"), "parameters"))
    asks = (deployment.get("parameter_openapi_schema") or {}).get("properties", {})
    given.pop(REQUESTED_BY, None)
    if REQUESTED_BY in asks:
        given[REQUESTED_BY] = asking.who.subject
    whole = {**deployment["parameters"], **given}
    refuse_templates(whole)
    stamp, key = asking.signer.initiation(asking.who, asking.id, whole, asking.now)
    return {
        "parameters": given,
        "labels": {STAMP: stamp},
        "idempotency_key": key,
        "state": _scheduled(body.get("state")),
        **{name: body[name] for name in ("name", "tags") if body.get(name)},
    }


def _scheduled(state: object) -> dict[str, Any]:
    """Return the state of a new run; the time it is wanted at is all that one may choose."""
    told = mapping(state, "a state")
    if told.get("type", "SCHEDULED") != "SCHEDULED":
        raise Forbidden("a run begins as scheduled")
    at = mapping(told.get("state_details"), "state_details").get("scheduled_time")
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": at} if at else {}}


async def mend_run(asking: Asking) -> dict[str, Any]:
    """Let the worker note what it knows of a run, and never what the run is to do."""
    body = asking.body
    mended = {name: body[name] for name in MENDABLE if name in body}
    policy = mapping(body.get("empirical_policy"), "empirical_policy")
    others = set(body) - set(mended) - {"empirical_policy"}
    if others:
        raise Forbidden(f"nobody changes {', '.join(sorted(others))} of a run")
    if policy:
        known = ((await asking.inside.run(asking.id)).get("empirical_policy") or {}).get(PAUSE_KEYS)
        asked = policy.get(PAUSE_KEYS) or []
        if not isinstance(asked, list) or any(key not in (known or ()) for key in asked):
            raise Forbidden("a pause key is added by nobody: it would pass a gate")
        mended["empirical_policy"] = policy
    return mended


async def write_input(asking: Asking) -> dict[str, Any]:
    """Let a run save the form of its gate, and nobody its answer."""
    key = asking.body.get("key")
    if not isinstance(key, str) or key.endswith("-response"):
        raise Forbidden("an answer is given at its gate")
    return dict(asking.body)


async def label_run(asking: Asking) -> dict[str, Any]:
    """Let a run be labelled, but not as the gateway labels it."""
    return {name: value for name, value in asking.body.items() if not name.startswith("runbook.")}


async def without_secrets(asking: Asking) -> dict[str, Any]:
    """Keep the secrets of blocks from everybody but the worker."""
    if Role.WORKER in asking.who.roles:
        return dict(asking.body)
    return {name: value for name, value in asking.body.items() if name != "include_secrets"}


GUARDS = {
    guard.__name__: guard
    for guard in (
        start_run,
        answer_gate,
        change_state,
        ended_run,
        mend_run,
        write_input,
        label_run,
        without_secrets,
    )
}
