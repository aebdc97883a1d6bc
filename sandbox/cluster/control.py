"""The cluster as a test sees it: Secrets in clear, pods' environments, and things gone wrong."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from sandbox.clock import Clock, stamp
from sandbox.cluster.agenda import Agenda, Pace
from sandbox.cluster.api import KubernetesApi
from sandbox.cluster.applying import Applier
from sandbox.cluster.flux import FLUX, REQUESTED, SOURCE, Flux
from sandbox.cluster.permissions import Permissions
from sandbox.cluster.pods import Kubelet, is_ready, secret_values
from sandbox.cluster.resources import (
    GIT_REPOSITORY,
    KUSTOMIZATION,
    SECRET,
    SOPS_SECRET,
    WORKLOAD_KINDS,
    Resource,
)
from sandbox.cluster.rollouts import Rollouts
from sandbox.cluster.seed import seed_cluster
from sandbox.cluster.sops_operator import SopsOperator
from sandbox.cluster.store import Missing, Store, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.remote import Remote

_SETTLE_SECONDS = 20


class Cluster:
    """A seeded cluster, its API, and the knobs of a test."""

    def __init__(
        self, remote: Remote, identity: Path, values: Mapping[str, str], token: str, pace: Pace
    ) -> None:
        self._pace = pace
        self._clock = Clock()
        self.store = Store(self._clock)
        self.agenda = Agenda()
        self.permissions = Permissions()
        self._kubelet = Kubelet(self.store, self._clock)
        self._rollouts = Rollouts(self.store, self._kubelet, self.agenda, pace)
        self._operator = SopsOperator(self.store, remote, identity, self.agenda, pace)
        applier = Applier(self.store, remote, self._operator)
        self.flux = Flux(self.store, remote, applier, self.agenda, pace)
        seed_cluster(self.store, self._rollouts, values, str(remote.path), self.flux.revision())
        self.answer = KubernetesApi(self.store, self.permissions, token).answer
        self._plan_interval()

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """Return the values of a Secret in clear."""
        return secret_values(self.store.get(SECRET, namespace, name))

    def object(self, plural_kind: Resource, namespace: str, name: str) -> Tree:
        """Return any object as the API would."""
        return self.store.get(plural_kind, namespace, name)

    def workload(self, namespace: str, name: str) -> Tree:
        """Return a workload by name, whatever its kind."""
        return self.store.get(self._kind_of(namespace, name), namespace, name)

    def kustomization(self, name: str) -> Tree:
        """Return a Kustomization of `flux-system`."""
        return self.store.get(KUSTOMIZATION, FLUX, name)

    def source(self) -> Tree:
        """Return the GitRepository `infra`."""
        return self.store.get(GIT_REPOSITORY, FLUX, SOURCE)

    def pods(self, namespace: str, workload: str) -> list[Tree]:
        """Return every pod of a workload, those being deleted too."""
        resource = self._kind_of(namespace, workload)
        with self.store.lock:
            return self._rollouts.pods(resource, self.store.get(resource, namespace, workload))

    def pod_env(self, namespace: str, workload: str) -> list[dict[str, str]]:
        """Return the environment of each ready pod of a workload."""
        with self.store.lock:
            ready = [pod for pod in self.pods(namespace, workload) if is_ready(pod)]
            return [self._kubelet.environment(pod) for pod in ready]

    def restarts(self, namespace: str, workload: str) -> int:
        """Return how many rollouts of a workload have begun since the seed."""
        return self._rollouts.restarts(namespace, workload)

    def settle(self, timeout: float = _SETTLE_SECONDS) -> None:
        """Wait until nothing is on its way any more; raise `TimeoutError` if that does not come."""
        if not self.agenda.settle(timeout):
            message = f"the cluster was still at work after {timeout} s"
            raise TimeoutError(message)

    def reconcile_now(self) -> None:
        """Let Flux do what it does on its interval, and wait for the end of it."""
        self.flux.reconcile_all()
        self.settle()

    def suspend(self, name: str, is_suspended: bool = True) -> None:
        """Suspend or resume a Kustomization, or the source `infra`, as a person does."""
        resource = GIT_REPOSITORY if name == SOURCE else KUSTOMIZATION
        self.store.change(
            resource, FLUX, name, lambda k: k["spec"].update(suspend=is_suspended), manager="flux"
        )

    def suspend_sops_secret(self, namespace: str, name: str) -> None:
        """Suspend a SopsSecret, as a person does: its Secret does not change any more."""
        self.store.change(
            SOPS_SECRET,
            namespace,
            name,
            lambda s: s["spec"].update(suspend=True),
            manager="kubectl",
        )

    def request_as_stranger(self, name: str, at: str | None = None) -> str:
        """Ask for a reconcile of a Kustomization as another actor would; return the request."""
        moment = at or f"{stamp(self._clock.now())}#stranger"
        self.store.change(
            KUSTOMIZATION,
            FLUX,
            name,
            lambda k: k["metadata"].setdefault("annotations", {}).update({REQUESTED: moment}),
            manager="flux",
        )
        return moment

    def move_kustomization(self, name: str, namespace: str) -> None:
        """Let a Kustomization of `flux-system` lie in another namespace, as tenants of Flux have it."""
        found = self.store.get(KUSTOMIZATION, FLUX, name)
        found["spec"]["sourceRef"]["namespace"] = FLUX
        kept = {"metadata": {"name": name, "namespace": namespace}, "spec": found["spec"]}
        self.store.remove(KUSTOMIZATION, FLUX, name)
        self.store.add(KUSTOMIZATION, {**kept, "status": found["status"]}, "flux")

    def overlook(self, name: str, is_overlooked: bool = True) -> None:
        """Let Flux not react to a Kustomization or source: its status stays stale."""
        self.flux.sleep(name, is_asleep=is_overlooked)

    def fail_kustomization(self, name: str, message: str | None = "health check failed") -> None:
        """Let every apply fail with a message, or succeed again when there is none."""
        self.flux.fail(name, message)

    def freeze_operator(self, is_frozen: bool = True) -> None:
        """Let the operator do nothing: Secrets do not change, messages stay "Healthy"."""
        self._operator.is_frozen = is_frozen

    def edit_secret(self, namespace: str, name: str, key: str, value: str) -> None:
        """Change one value of a Secret as a person does, behind the operator's back."""
        encoded = b64encode(value.encode()).decode()
        self.store.change(
            SECRET, namespace, name, lambda s: s["data"].update({key: encoded}), manager="kubectl"
        )

    def edit_template(self, namespace: str, workload: str, annotations: dict[str, str]) -> None:
        """Change the pod template's annotations, as `kubectl rollout undo` does among others."""

        def edit(found: Tree) -> None:
            found["spec"]["template"]["metadata"]["annotations"].update(annotations)

        resource = self._kind_of(namespace, workload)
        self.store.change(resource, namespace, workload, edit, manager="kubectl")

    def never_ready(self, namespace: str, workload: str, is_stuck: bool = True) -> None:
        """Let new pods of a workload never be ready, or be ready again."""
        self._rollouts.set_stuck(namespace, workload, is_stuck=is_stuck)

    def close(self) -> None:
        """End the cluster's thread."""
        self.agenda.close()

    def _plan_interval(self) -> None:
        if self._pace.interval is not None:
            self.agenda.later(self._pace.interval, self._on_interval, background=True)

    def _on_interval(self) -> None:
        self.flux.reconcile_all()
        self._plan_interval()

    def _kind_of(self, namespace: str, name: str) -> Resource:
        for resource in WORKLOAD_KINDS.values():
            if any(w["metadata"]["name"] == name for w in self.store.list(resource, namespace)):
                return resource
        message = f"there is no workload {namespace}/{name}"
        raise Missing(message)
