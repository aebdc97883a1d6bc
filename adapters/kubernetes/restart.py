"""`kubernetes.rollout_restart`: new pods that have read the Secret as it is now, and none old.

A restart is marked on the pod template with the idempotency key of the effect, so that a resumed
run waits for the restart it has already asked for and does not ask for another.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from adapters.kubernetes.roll import (
    Sight,
    require_healthy,
    require_patch,
    require_restartable,
    see,
)
from adapters.kubernetes.rollout import MARKS, RESTARTED_AT, ROTATION
from adapters.kubernetes.workload import NAME_PATTERN, Workload, WorkloadName, workload_in
from adapters.shared.cluster import Cluster, Document, KubernetesSettings, open_cluster
from adapters.shared.convergence import converge
from engine.errors import NotConverged
from engine.step import Again, Call, Done, Effect, Exclusive, Frozen, NotYet, Preflight, Probe, Step

LEASE_MARGIN = 120.0
"""Seconds beyond a restart's own time-out until others may touch the workload."""


class RestartTarget(Frozen):
    """Which workloads are restarted."""

    namespace: str = Field(pattern=NAME_PATTERN, description="Namespace of the workload.")
    workload: WorkloadName | Annotated[tuple[WorkloadName, ...], Field(min_length=1)] = Field(
        description="Workload as kind/name, e.g. deployment/ai-agents, or several of them."
    )

    def workloads(self) -> tuple[Workload, ...]:
        """Return each workload once."""
        named = (self.workload,) if isinstance(self.workload, str) else self.workload
        return tuple(workload_in(self.namespace, each) for each in dict.fromkeys(named))


class Restart(RestartTarget):
    """Parameters of `kubernetes.rollout_restart`."""

    timeout: int = Field(
        default=600, ge=1, le=7200, description="Seconds until the rollout must be complete."
    )


class Restarted(Frozen):
    """Outputs of `kubernetes.rollout_restart`."""

    restarted_at: str = Field(description="When the last restart was asked for, in UTC.")
    pods: int = Field(description="How many pods run now.")
    revision: str = Field(description="Revision that the cluster gives the new pods.")


def restart_step(settings: KubernetesSettings) -> Step[Restart, Restarted]:
    """Return `kubernetes.rollout_restart` for one cluster."""
    return Step(
        name="kubernetes.rollout_restart",
        summary="Restart workloads and wait until every pod of them is new and ready.",
        params=Restart,
        outputs=Restarted,
        effect=Effect.DISTRIBUTE,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _run(settings, params, call),
        undo=Again(
            "a pod reads a Secret when it starts, so it must start again to read the old one"
        ),
        preflight=Preflight(RestartTarget, lambda target: _preflight(settings, target)),
        describe=_describe,
        exclusive=_exclusive,
    )


def _exclusive(params: Restart) -> Exclusive:
    """Two restarts of one workload at once would each wait for pods the other takes away."""
    names = (f"workload:{each.namespace}/{each.reference}" for each in params.workloads())
    return Exclusive(tuple(names), params.timeout + LEASE_MARGIN)


def _describe(params: Restart) -> str:
    return (
        f"Restarts {_listed(params)} in namespace `{params.namespace}` and waits up to "
        f"{params.timeout} s until all pods are new and ready."
    )


def _listed(params: RestartTarget) -> str:
    return ", ".join(f"`{each.reference}`" for each in params.workloads())


def _probe(settings: KubernetesSettings, params: Restart, call: Call) -> Probe[Restarted]:
    with open_cluster(settings) as cluster:
        return _judged(_see_all(cluster, params), call.key)


def _run(settings: KubernetesSettings, params: Restart, call: Call) -> Done[Restarted]:
    with open_cluster(settings) as cluster:
        sights = _see_all(cluster, params)
        for sight in sights:
            require_restartable(sight)
        for sight in sights:
            if call.key not in sight.marks:
                cluster.annotate(sight.workload.path, _mark(call.key, sight))
                call.report(f"{sight.workload.reference} is told to restart")
        return _wait(cluster, params, call)


def _wait(cluster: Cluster, params: Restart, call: Call) -> Done[Restarted]:
    """Wait for the end; if it does not come, say why pods do not start, but never quote a log."""
    late = ""
    try:
        return converge(
            lambda: _look(cluster, params, call.key), seconds=params.timeout, report=call.report
        )
    except NotConverged as error:
        late = error.message
    reasons = sorted({sight.reasons for sight in _see_all(cluster, params)} - {""})
    because = f"; pods wait because of {', '.join(reasons)}" if reasons else ""
    names = " ".join(each.reference for each in params.workloads())
    raise NotConverged(
        f"{late}{because}", hint=f"Look at `kubectl -n {params.namespace} describe {names}`."
    )


def _look(cluster: Cluster, params: Restart, key: str) -> Done[Restarted] | NotYet:
    sights = _see_all(cluster, params)
    for sight in sights:
        stage = sight.stage(key)
        if stage.is_stuck:
            raise NotConverged(f"{sight.workload.reference}: {stage.finding}")
    return _judged(sights, key)


def _judged(sights: tuple[Sight, ...], key: str) -> Done[Restarted] | NotYet:
    missing = [
        f"{sight.workload.reference}: {stage.finding}"
        for sight in sights
        if not (stage := sight.stage(key)).is_complete
    ]
    if missing:
        return NotYet("; ".join(missing))
    outputs = Restarted(
        restarted_at=max(sight.restarted_at for sight in sights),
        pods=sum(sight.running for sight in sights),
        revision=", ".join(_revision(sight, len(sights) > 1) for sight in sights),
    )
    names = ", ".join(sight.workload.reference for sight in sights)
    evidence = (
        f"{names} in {sights[0].workload.namespace} restarted at {outputs.restarted_at}; all "
        f"{outputs.pods} pods are ready and carry {ROTATION}={key}, revision {outputs.revision}"
    )
    return Done(outputs, evidence)


def _preflight(settings: KubernetesSettings, target: RestartTarget) -> str:
    with open_cluster(settings) as cluster:
        sights = _see_all(cluster, target)
        for sight in sights:
            require_restartable(sight)
            require_healthy(sight)
            require_patch(cluster, sight.workload)
    pods = sum(sight.running for sight in sights)
    return f"{_listed(target)} in `{target.namespace}` healthy, {pods} pods, and may be restarted"


def _see_all(cluster: Cluster, params: RestartTarget) -> tuple[Sight, ...]:
    return tuple(see(cluster, each) for each in params.workloads())


def _revision(sight: Sight, is_one_of_many: bool) -> str:
    return f"{sight.workload.reference}={sight.revision}" if is_one_of_many else sight.revision


def _mark(key: str, sight: Sight) -> Document:
    """Return a patch for the workload as it was seen, and for no later one.

    The moment in it would make a second restart of the same patch. The version lets the cluster
    refuse (409) one that was held up while another process restarted, so that we look again.
    """
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    marks = " ".join([key, *sight.marks][:MARKS])
    annotations = {RESTARTED_AT: moment, ROTATION: marks}
    version = (sight.document.get("metadata") or {}).get("resourceVersion")
    return {
        "metadata": {"resourceVersion": version},
        "spec": {"template": {"metadata": {"annotations": annotations}}},
    }
