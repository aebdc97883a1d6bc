"""Rolling a StatefulSet or a DaemonSet: each pod ends, then its successor takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cluster.pods import Kubelet, is_ending, is_ready, random_suffix, template_hash
from sandbox.cluster.resources import DAEMON_SET, STATEFUL_SET, Resource

if TYPE_CHECKING:
    from sandbox.cluster.store import Store, Tree

_HASH = "controller-revision-hash"


class SetRoll:
    """Takes one step of a rollout at a time, from what it sees and nothing else."""

    def __init__(self, store: Store, kubelet: Kubelet, resource: Resource) -> None:
        self._store = store
        self._kubelet = kubelet
        self.resource = resource

    def step(self, namespace: str, name: str, *, may_be_ready: bool) -> bool:
        """Take one step; tell whether there may be another one to take."""
        workload = self._store.get(self.resource, namespace, name)
        pods = self.pods(workload)
        has_moved = self._kubelet.sweep(pods)
        alive = [pod for pod in pods if not is_ending(pod)]
        has_moved |= self._ready_up(alive, may_be_ready=may_be_ready)
        if not has_moved or not alive:
            has_moved |= self._replace_one(workload, alive)
        self._count(workload)
        return has_moved

    def is_complete(self, namespace: str, name: str) -> bool:
        """Tell whether all pods are new and ready."""
        workload = self._store.get(self.resource, namespace, name)
        digest = self._revision(workload)
        pods = self.pods(workload)
        return len(pods) == self._wanted(workload) and all(
            is_ready(pod) and pod["metadata"]["labels"][_HASH] == digest for pod in pods
        )

    def mark_failed(self, namespace: str, name: str) -> None:
        """Do nothing: these kinds have no deadline to miss."""

    def pods(self, workload: Tree) -> list[Tree]:
        """Return every pod of the workload."""
        return self._kubelet.owned_by(workload)

    def _ready_up(self, alive: list[Tree], *, may_be_ready: bool) -> bool:
        pending = [pod for pod in alive if not is_ready(pod)]
        for pod in pending:
            if may_be_ready:
                self._kubelet.make_ready(pod)
            else:
                self._kubelet.keep_unready(pod)
        return may_be_ready and bool(pending)

    def _replace_one(self, workload: Tree, alive: list[Tree]) -> bool:
        digest = self._revision(workload)
        names = {pod["metadata"]["name"] for pod in alive}
        if len(alive) < self._wanted(workload):
            template = workload["spec"]["template"]
            self._kubelet.start(
                workload, template, self._free_name(workload, names), {_HASH: digest}
            )
            return True
        old = [pod for pod in alive if pod["metadata"]["labels"][_HASH] != digest]
        if not old or not all(map(is_ready, alive)):
            return False
        self._kubelet.end(old[-1])  # the highest ordinal first
        return True

    def _free_name(self, workload: Tree, taken: set[str]) -> str:
        name = workload["metadata"]["name"]
        if self.resource is DAEMON_SET:
            return f"{name}-{random_suffix()}"
        return next(f"{name}-{i}" for i in range(len(taken) + 1) if f"{name}-{i}" not in taken)

    def _wanted(self, workload: Tree) -> int:
        return 1 if self.resource is DAEMON_SET else int(workload["spec"]["replicas"])

    def _revision(self, workload: Tree) -> str:
        digest = template_hash(workload["spec"]["template"])
        if self.resource is STATEFUL_SET:
            return f"{workload['metadata']['name']}-{digest}"
        return digest

    def _count(self, workload: Tree) -> None:
        meta, digest = workload["metadata"], self._revision(workload)
        pods = [pod for pod in self.pods(workload) if not is_ending(pod)]
        updated = sum(pod["metadata"]["labels"][_HASH] == digest for pod in pods)
        ready = sum(map(is_ready, pods))
        counts = (len(pods), updated, ready, self._wanted(workload))
        stateful = self.resource is STATEFUL_SET

        def change(found: Tree) -> None:
            before = found.get("status", {})
            numbers = _stateful(before, digest, counts) if stateful else _daemon(counts)
            found["status"] = {"observedGeneration": meta["generation"], **numbers}

        self._store.change(self.resource, meta["namespace"], meta["name"], change)


def _stateful(before: Tree, digest: str, counts: tuple[int, int, int, int]) -> Tree:
    total, updated, ready, wanted = counts
    is_done = total == updated == ready == wanted
    current = digest if is_done else before.get("currentRevision", digest)
    numbers = {
        "replicas": total,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "updatedReplicas": updated,
        "currentReplicas": total if current == digest else total - updated,
    }
    return {
        **{name: number for name, number in numbers.items() if number or name == "replicas"},
        "currentRevision": current,
        "updateRevision": digest,
        "collisionCount": 0,
    }


def _daemon(counts: tuple[int, int, int, int]) -> Tree:
    total, updated, ready, wanted = counts
    return {
        "currentNumberScheduled": total,
        "desiredNumberScheduled": wanted,
        "numberMisscheduled": 0,
        "numberReady": ready,
        "numberAvailable": ready,
        "updatedNumberScheduled": updated,
    }
