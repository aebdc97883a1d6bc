"""`kubernetes.rollout_restart`: new pods that have read the Secret as it is now, and none old.

A restart is marked on the pod template with the idempotency key of the effect, so that a resumed
run waits for the restart it has already asked for and does not ask for another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import Field

from adapters.kubernetes.rollout import (
    RESTARTED_AT,
    ROTATION,
    Document,
    Stage,
    living,
    obstacle,
    revision_of,
    selector_of,
    stage_of,
    template_mark,
    waiting_reasons,
)
from adapters.kubernetes.workload import NAME_PATTERN, Workload, WorkloadName, workload_in
from adapters.shared.cluster import Cluster, KubernetesSettings, open_cluster
from adapters.shared.convergence import converge
from engine.errors import NotConverged, Refused
from engine.step import Again, Call, Done, Effect, Frozen, NotYet, Preflight, Probe, Step


class RestartTarget(Frozen):
    """Which workload is restarted."""

    namespace: str = Field(pattern=NAME_PATTERN, description="Namespace of the workload.")
    workload: WorkloadName = Field(
        description="Workload as kind/name, e.g. deployment/ai-agents, statefulset/redis."
    )


class Restart(RestartTarget):
    """Parameters of `kubernetes.rollout_restart`."""

    timeout: int = Field(
        default=600, ge=1, le=7200, description="Seconds until the rollout must be complete."
    )


class Restarted(Frozen):
    """Outputs of `kubernetes.rollout_restart`."""

    restarted_at: str = Field(description="When the restart was asked for, in UTC.")
    pods: int = Field(description="How many pods run now.")
    revision: str = Field(description="Revision that the cluster gives the new pods.")


def restart_step(settings: KubernetesSettings) -> Step[Restart, Restarted]:
    """Return `kubernetes.rollout_restart` for one cluster."""
    return Step(
        name="kubernetes.rollout_restart",
        summary="Restart a workload and wait until every pod of it is new and ready.",
        params=Restart,
        outputs=Restarted,
        effect=Effect.DISTRIBUTE,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _run(settings, params, call),
        undo=Again("pods read a Secret when they start; a new restart gives them the value that is there"),
        preflight=Preflight(RestartTarget, lambda target: _preflight(settings, target)),
        describe=_describe,
    )


def _describe(params: Restart) -> str:
    return (
        f"Restarts `{params.workload}` in namespace `{params.namespace}` and waits up to "
        f"{params.timeout} s until all its pods are new and ready."
    )


def _probe(settings: KubernetesSettings, params: Restart, call: Call) -> Probe[Restarted]:
    workload = workload_in(params.namespace, params.workload)
    with open_cluster(settings) as cluster:
        return _look(cluster, workload, call.key)


def _run(settings: KubernetesSettings, params: Restart, call: Call) -> Done[Restarted]:
    workload = workload_in(params.namespace, params.workload)
    with open_cluster(settings) as cluster:
        found = _fetch(cluster, workload)
        _require_restartable(workload, found)
        if template_mark(found, ROTATION) != call.key:
            cluster.annotate(workload.path, _mark(call.key))
            call.report(f"{workload.reference} is told to restart")
        return _wait(lambda: _look(cluster, workload, call.key), cluster, workload, params, call)


def _wait(
    look: Callable[[], Done[Restarted] | NotYet],
    cluster: Cluster,
    workload: Workload,
    params: Restart,
    call: Call,
) -> Done[Restarted]:
    late = ""
    try:
        return converge(look, seconds=params.timeout, report=call.report)
    except NotConverged as error:
        late = error.message
    reasons = waiting_reasons(_pods(cluster, workload, _fetch(cluster, workload)))
    because = f"; pods wait because of {', '.join(reasons)}" if reasons else ""
    raise NotConverged(
        f"{late}{because}",
        hint=f"Look at `kubectl -n {workload.namespace} describe {workload.reference}` and its pods.",
    )


def _look(cluster: Cluster, workload: Workload, key: str) -> Done[Restarted] | NotYet:
    found = _fetch(cluster, workload)
    if template_mark(found, ROTATION) != key:
        return NotYet(f"{workload.reference} has not been restarted by this run")
    pods = _pods(cluster, workload, found)
    stage = stage_of(workload.kind, found, pods, key)
    if stage.is_stuck:
        raise _stuck(workload, stage, pods)
    if not stage.is_complete:
        return NotYet(f"{workload.reference} is restarting: {stage.finding}")
    outputs = Restarted(
        restarted_at=template_mark(found, RESTARTED_AT),
        pods=len(living(pods)),
        revision=revision_of(workload.kind, found),
    )
    evidence = (
        f"{workload.reference} in {workload.namespace} was restarted at {outputs.restarted_at}; "
        f"all {outputs.pods} pods are ready and carry {ROTATION}={key} at revision {outputs.revision}"
    )
    return Done(outputs, evidence)


def _stuck(workload: Workload, stage: Stage, pods: tuple[Document, ...]) -> NotConverged:
    reasons = ", ".join(waiting_reasons(pods)) or "the cluster gives no reason"
    return NotConverged(
        f"{workload.reference} in {workload.namespace}: {stage.finding} ({reasons})",
        hint=f"Look at `kubectl -n {workload.namespace} describe {workload.reference}` and its pods.",
    )


def _preflight(settings: KubernetesSettings, target: RestartTarget) -> str:
    workload = workload_in(target.namespace, target.workload)
    with open_cluster(settings) as cluster:
        found = _fetch(cluster, workload)
        _require_restartable(workload, found)
        pods = _pods(cluster, workload, found)
        stage = stage_of(workload.kind, found, pods, None)
        if not stage.is_complete:
            raise Refused(
                f"{workload.reference} in {workload.namespace} is not healthy now: {stage.finding}",
                hint="Bring it to health first, so that the restart proves the new value.",
            )
        _require_patch(cluster, workload)
    return f"{workload.reference} in {workload.namespace} is healthy with {len(living(pods))} pods"


def _require_patch(cluster: Cluster, workload: Workload) -> None:
    if cluster.allows("patch", "apps", workload.resource, workload.namespace, workload.name):
        return
    raise Refused(
        f"our account may not patch {workload.reference} in {workload.namespace}",
        hint=f"Grant patch on {workload.resource}.apps in {workload.namespace} to the engine's account.",
    )


def _require_restartable(workload: Workload, found: Document) -> None:
    why = obstacle(workload.kind, found)
    if why:
        raise Refused(
            f"{workload.reference} in {workload.namespace} cannot be restarted: {why}",
            hint="Change that in git, or replace its pods in a manual step.",
        )


def _fetch(cluster: Cluster, workload: Workload) -> Document:
    found = cluster.get(workload.path)
    if found is None:
        raise Refused(
            f"there is no {workload.reference} in namespace {workload.namespace}",
            hint="Correct the workload in the runbook or the catalogue.",
        )
    return found


def _pods(cluster: Cluster, workload: Workload, found: Document) -> tuple[Document, ...]:
    return cluster.items(workload.pods_path, labelSelector=selector_of(found))


def _mark(key: str) -> Document:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    annotations = {RESTARTED_AT: moment, ROTATION: key}
    return {"spec": {"template": {"metadata": {"annotations": annotations}}}}
