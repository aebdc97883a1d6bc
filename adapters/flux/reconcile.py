"""`flux.reconcile`: the cluster runs our commit or a later one, and Flux has found it healthy.

First the source must have fetched the commit, because a Kustomization asked before that is
reconciled at the commit before. Success is read from `lastAppliedRevision` and nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import Field

from adapters.flux.looks import Look, O, Reconciled, Trip, look_applied, look_fetched
from adapters.flux.objects import (
    FluxObject,
    fetch_active,
    request_reconcile,
    require_patch,
    source_of,
)
from adapters.flux.revision import COMMIT_PATTERN, IsDescendant
from adapters.shared.cluster import KubernetesSettings, open_cluster
from adapters.shared.convergence import converge
from engine.step import Again, Call, Done, Effect, Frozen, Preflight, Probe, Step

_NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"


class ReconcileTarget(Frozen):
    """Which Kustomization is reconciled."""

    kustomization: str = Field(pattern=_NAME, description="Name of the Kustomization.")
    namespace: str = Field(
        default="",
        pattern=f"^$|{_NAME}",
        description="Namespace of the Kustomization; if empty, that of the settings.",
    )


class Reconcile(ReconcileTarget):
    """Parameters of `flux.reconcile`."""

    revision: str = Field(
        pattern=COMMIT_PATTERN, description="Full id of the commit that must be applied."
    )
    timeout: int = Field(
        default=300, ge=1, le=7200, description="Seconds until the commit must be applied."
    )


@dataclass(frozen=True)
class Floor:
    """What the step stands on: the cluster, Flux's usual namespace, and git's order of commits."""

    cluster: KubernetesSettings
    namespace: str
    is_descendant: IsDescendant

    def target(self, params: ReconcileTarget) -> FluxObject:
        """Return the Kustomization that the parameters name."""
        namespace = params.namespace or self.namespace
        return FluxObject("kustomizations", namespace, params.kustomization)


def reconcile_step(floor: Floor) -> Step[Reconcile, Reconciled]:
    """Return `flux.reconcile`."""
    return Step(
        name="flux.reconcile",
        summary="Have Flux fetch and apply a commit, and wait until it is applied and healthy.",
        params=Reconcile,
        outputs=Reconciled,
        effect=Effect.DISTRIBUTE,
        probe=lambda params, _: _probe(floor, params),
        run=lambda params, call: _run(floor, params, call),
        undo=Again("Flux applies what git holds; after git is back, it must apply that"),
        preflight=Preflight(ReconcileTarget, lambda target: _preflight(floor, target)),
        describe=lambda params: _describe(floor, params),
    )


def _describe(floor: Floor, params: Reconcile) -> str:
    target = floor.target(params)
    return (
        f"Asks Flux to reconcile `{target.namespace}/{target.name}` and waits up to "
        f"{params.timeout} s until commit `{params.revision[:12]}` or a later one is applied."
    )


def _probe(floor: Floor, params: Reconcile) -> Probe[Reconciled]:
    with open_cluster(floor.cluster) as cluster:
        trip = Trip(cluster, floor.is_descendant, params.revision)
        return look_applied(trip, floor.target(params), "")


def _run(floor: Floor, params: Reconcile, call: Call) -> Done[Reconciled]:
    deadline = time.monotonic() + params.timeout
    target = floor.target(params)
    with open_cluster(floor.cluster) as cluster:
        source = source_of(fetch_active(cluster, target), target)
        trip = Trip(cluster, floor.is_descendant, params.revision)
        _reach(trip, source, look_fetched, deadline, call)
        return _reach(trip, target, look_applied, deadline, call)


def _reach(trip: Trip, wanted: FluxObject, look: Look[O], deadline: float, call: Call) -> Done[O]:
    found = look(trip, wanted, "")
    if isinstance(found, Done):
        return found
    token = f"{datetime.now(UTC).isoformat()}/{call.key}"
    request_reconcile(trip.cluster, wanted, token)
    return converge(
        lambda: look(trip, wanted, token),
        seconds=max(1.0, deadline - time.monotonic()),
        report=call.report,
        hint=f"Look at `kubectl -n {wanted.namespace} describe {wanted.resource} {wanted.name}`.",
    )


def _preflight(floor: Floor, params: ReconcileTarget) -> str:
    target = floor.target(params)
    with open_cluster(floor.cluster) as cluster:
        found = fetch_active(cluster, target)
        source = source_of(found, target)
        fetch_active(cluster, source)
        for each in (target, source):
            require_patch(cluster, each)
    return f"{target.title} and its {source.title} are active, and our account may reconcile them"
