"""Rolling a Deployment: a ReplicaSet for each template, one new pod more before an old one less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cluster.pods import Kubelet, is_ending, is_ready, random_suffix, template_hash
from sandbox.cluster.resources import DEPLOYMENT, REPLICA_SET
from sandbox.cluster.store import Missing, Store
from sandbox.documents import copied

if TYPE_CHECKING:
    from sandbox.cluster.store import Tree

_REVISION = "deployment.kubernetes.io/revision"


class DeploymentRoll:
    """Takes one step of a rollout at a time, from what it sees and nothing else."""

    resource = DEPLOYMENT

    def __init__(self, store: Store, kubelet: Kubelet) -> None:
        self._store = store
        self._kubelet = kubelet

    def step(self, namespace: str, name: str, *, may_be_ready: bool) -> bool:
        """Take one step; tell whether there may be another one to take."""
        deployment = self._store.get(DEPLOYMENT, namespace, name)
        current = self._current_set(deployment)
        old_sets = [s for s in self.replica_sets(deployment) if _name(s) != _name(current)]
        new = self._kubelet.owned_by(current)
        has_moved = self._kubelet.sweep(new + self._pods_of(old_sets))
        has_moved |= self._ready_up(new, may_be_ready=may_be_ready)
        has_moved |= self._scale_down(deployment, current, old_sets)
        has_moved |= self._scale_up(deployment, current, old_sets)
        self._count(deployment, [current, *old_sets])
        return has_moved

    def is_complete(self, namespace: str, name: str) -> bool:
        """Tell whether all pods are new and ready."""
        found = self._store.get(DEPLOYMENT, namespace, name)
        wanted, status = found["spec"]["replicas"], found.get("status", {})
        counts = ("replicas", "updatedReplicas", "availableReplicas")
        return all(status.get(count, 0) == wanted for count in counts)

    def mark_failed(self, namespace: str, name: str) -> None:
        """Note that the rollout has made no progress within its deadline."""

        def change(found: Tree) -> None:
            conditions = found["status"]["conditions"]
            conditions[1] |= {"status": "False", "reason": "ProgressDeadlineExceeded"}
            conditions[1]["message"] = f'ReplicaSet for "{name}" has timed out progressing.'

        self._store.change(DEPLOYMENT, namespace, name, change)

    def pods(self, workload: Tree) -> list[Tree]:
        """Return every pod of the Deployment."""
        return self._pods_of(self.replica_sets(workload))

    def replica_sets(self, deployment: Tree) -> list[Tree]:
        """Return the ReplicaSets of a Deployment."""
        uid = deployment["metadata"]["uid"]
        found = self._store.list(REPLICA_SET, deployment["metadata"]["namespace"])
        return [s for s in found if s["metadata"]["ownerReferences"][0]["uid"] == uid]

    def _current_set(self, deployment: Tree) -> Tree:
        """Return the set of the present template; an old one of the same template comes back."""
        meta, template = deployment["metadata"], deployment["spec"]["template"]
        digest = template_hash(template)
        revisions = [_revision(s) for s in self.replica_sets(deployment)]
        try:
            found = self._store.get(REPLICA_SET, meta["namespace"], f"{meta['name']}-{digest}")
        except Missing:
            found = self._add_set(deployment, digest, str(max(revisions, default=0) + 1))
        if _revision(found) < max(revisions, default=0):
            found = self._renumber(found, max(revisions) + 1)
        revision = found["metadata"]["annotations"][_REVISION]
        self._store.change(
            DEPLOYMENT,
            meta["namespace"],
            meta["name"],
            lambda d: d["metadata"].setdefault("annotations", {}).update({_REVISION: revision}),
        )
        return found

    def _add_set(self, deployment: Tree, digest: str, revision: str) -> Tree:
        meta, spec = deployment["metadata"], copied(deployment["spec"])
        labels = {**spec["template"]["metadata"]["labels"], "pod-template-hash": digest}
        spec["template"]["metadata"]["labels"] = labels
        owner = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        replica_set = {
            "metadata": {
                "name": f"{meta['name']}-{digest}",
                "namespace": meta["namespace"],
                "labels": labels,
                "annotations": {_REVISION: revision},
                "ownerReferences": [owner],
            },
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": spec["template"],
            },
            "status": {"replicas": 0},
        }
        return self._store.add(REPLICA_SET, replica_set, "kube-controller-manager")

    def _renumber(self, replica_set: Tree, revision: int) -> Tree:
        def change(found: Tree) -> None:
            found["metadata"]["annotations"][_REVISION] = str(revision)

        meta = replica_set["metadata"]
        return self._store.change(REPLICA_SET, meta["namespace"], meta["name"], change)

    def _ready_up(self, new: list[Tree], *, may_be_ready: bool) -> bool:
        pending = [pod for pod in new if not is_ready(pod) and not is_ending(pod)]
        for pod in pending:
            if may_be_ready:
                self._kubelet.make_ready(pod)
            else:
                self._kubelet.keep_unready(pod)
        return may_be_ready and bool(pending)

    def _scale_down(self, deployment: Tree, current: Tree, old_sets: list[Tree]) -> bool:
        """End old pods as far as enough ready ones remain; unready old ones go first."""
        wanted = deployment["spec"]["replicas"]
        new_ready = sum(map(is_ready, self._kubelet.owned_by(current)))
        old = [pod for pod in self._pods_of(old_sets) if not is_ending(pod)]
        leaving = sorted(old, key=is_ready)
        spare = new_ready + sum(map(is_ready, leaving)) - wanted
        ended = False
        for pod in leaving:
            if is_ready(pod):
                if spare <= 0:
                    break
                spare -= 1
            self._kubelet.end(pod)
            ended = True
        return ended

    def _scale_up(self, deployment: Tree, current: Tree, old_sets: list[Tree]) -> bool:
        """Start new pods, at most one more than wanted while old ones remain; end what is too many."""
        wanted = int(deployment["spec"]["replicas"])
        new = [pod for pod in self._kubelet.owned_by(current) if not is_ending(pod)]
        staying = [pod for pod in self._pods_of(old_sets) if not is_ending(pod)]
        room = min(wanted - len(new), wanted + 1 - len(new) - len(staying))
        for pod in new[wanted:]:
            self._kubelet.end(pod)
        template = current["spec"]["template"]
        for _ in range(max(room, 0)):
            name = f"{_name(current)}-{random_suffix()}"
            self._kubelet.start(current, template, name, {})
        return room > 0 or len(new) > wanted

    def _pods_of(self, sets: list[Tree]) -> list[Tree]:
        return [pod for replica_set in sets for pod in self._kubelet.owned_by(replica_set)]

    def _count(self, deployment: Tree, sets: list[Tree]) -> None:
        counts = [self._count_set(replica_set) for replica_set in sets]
        total, ready = sum(c[0] for c in counts), sum(c[1] for c in counts)
        wanted, updated = deployment["spec"]["replicas"], counts[0][0]
        is_done = total == updated == ready == wanted
        numbers = {
            "replicas": total,
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "unavailableReplicas": max(total, wanted) - ready,
        }
        meta = deployment["metadata"]
        status = {
            "observedGeneration": meta["generation"],
            **{name: number for name, number in numbers.items() if number},  # zeros are left out
            "conditions": [
                _available(is_available=ready >= wanted),
                _progressing(_name(sets[0]), is_done=is_done),
            ],
        }
        self._store.change(
            DEPLOYMENT, meta["namespace"], meta["name"], lambda d: d.update(status=status)
        )

    def _count_set(self, replica_set: Tree) -> tuple[int, int]:
        pods = [pod for pod in self._kubelet.owned_by(replica_set) if not is_ending(pod)]
        total, ready = len(pods), sum(map(is_ready, pods))

        def change(found: Tree) -> None:
            found["spec"]["replicas"] = total
            numbers = {"readyReplicas": ready, "availableReplicas": ready}
            found["status"] = {"replicas": total, **{k: v for k, v in numbers.items() if v}}

        meta = replica_set["metadata"]
        self._store.change(REPLICA_SET, meta["namespace"], meta["name"], change)
        return total, ready


def _available(*, is_available: bool) -> dict[str, Any]:
    word = "Available" if is_available else "Unavailable"
    return {"type": "Available", "status": str(is_available), "reason": f"MinimumReplicas{word}"}


def _progressing(name: str, *, is_done: bool) -> dict[str, Any]:
    words = "has successfully progressed." if is_done else "is progressing."
    reason = "NewReplicaSetAvailable" if is_done else "ReplicaSetUpdated"
    message = f'ReplicaSet "{name}" {words}'
    return {"type": "Progressing", "status": "True", "reason": reason, "message": message}


def _name(found: Tree) -> str:
    return str(found["metadata"]["name"])


def _revision(replica_set: Tree) -> int:
    return int(replica_set["metadata"]["annotations"][_REVISION])
