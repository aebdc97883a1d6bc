"""Pods: made from a template, ready after a while, their environment fixed at their creation."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock, stamp
from sandbox.cluster.resources import POD, SECRET
from sandbox.cluster.store import Missing, Store
from sandbox.documents import copied

if TYPE_CHECKING:
    from sandbox.cluster.store import Tree

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Tree) -> str:
    """Return the hash that names a pod template; the same template has always the same."""
    text = json.dumps(template, sort_keys=True).encode()
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    return _word(number, 10)


def random_suffix() -> str:
    """Return the last part of a pod's name."""
    return _word(secrets.randbits(40), 5)


def is_ready(pod: Tree) -> bool:
    """Tell whether a pod is running, ready and not on its way out."""
    return not is_ending(pod) and any(
        c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"]
    )


def is_ending(pod: Tree) -> bool:
    """Tell whether a pod is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


class Kubelet:
    """Starts and ends pods, and knows what environment each was given."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._environments: dict[tuple[str, str], dict[str, str]] = {}

    def owned_by(self, owner: Tree) -> list[Tree]:
        """Return the pods whose controller is `owner`, those being deleted too."""
        pods = self._store.list(POD, owner["metadata"]["namespace"])
        return [pod for pod in pods if _owner_id(pod) == owner["metadata"]["uid"]]

    def environment(self, pod: Tree) -> dict[str, str]:
        """Return the variables that a pod was started with."""
        meta = pod["metadata"]
        return dict(self._environments[(meta["namespace"], meta["name"])])

    def start(self, owner: Tree, template: Tree, name: str, labels: dict[str, str]) -> None:
        """Create a pod for `owner`, not yet ready, with the values the Secrets hold now."""
        namespace = owner["metadata"]["namespace"]
        meta = copied(template.get("metadata", {}))
        meta |= {"name": name, "namespace": namespace}
        meta["labels"] = {**meta.get("labels", {}), **labels}
        meta["ownerReferences"] = [_reference(owner)]
        environment = self._collect(namespace, template["spec"]["containers"])
        self._environments[(namespace, name)] = environment
        pod = {
            "metadata": meta,
            "spec": {**copied(template["spec"]), "nodeName": "pool-a-1"},
            "status": _status(template, "Pending", "ContainerCreating", self._now()),
        }
        self._store.add(POD, pod, "kube-controller-manager")

    def make_ready(self, pod: Tree) -> None:
        """Let a pod run and pass its readiness check."""
        self._show(pod, "Running", None)

    def keep_unready(self, pod: Tree) -> None:
        """Let a pod start, fail and be started again for ever."""
        self._show(pod, "Running", "CrashLoopBackOff")

    def end(self, pod: Tree) -> None:
        """Ask a pod to end; it stays listed until it is swept."""

        def mark(found: Tree) -> None:
            found["metadata"]["deletionTimestamp"] = self._now()
            found["metadata"]["deletionGracePeriodSeconds"] = 30

        meta = pod["metadata"]
        self._store.change(POD, meta["namespace"], meta["name"], mark)

    def sweep(self, pods: list[Tree]) -> bool:
        """Remove the pods that were asked to end; tell whether there were any."""
        ending = [pod["metadata"] for pod in pods if is_ending(pod)]
        for meta in ending:
            self._store.remove(POD, meta["namespace"], meta["name"])
            self._environments.pop((meta["namespace"], meta["name"]), None)
        return bool(ending)

    def _show(self, pod: Tree, phase: str, waiting: str | None) -> None:
        def change(found: Tree) -> None:
            found["status"] = _status(found, phase, waiting, self._now())

        meta = pod["metadata"]
        self._store.change(POD, meta["namespace"], meta["name"], change)

    def _collect(self, namespace: str, containers: list[Tree]) -> dict[str, str]:
        found: dict[str, str] = {}
        for container in containers:
            for source in container.get("envFrom", []):
                found |= self._secret(namespace, source.get("secretRef", {}).get("name", ""))
            for variable in container.get("env", []):
                found[variable["name"]] = self._variable(namespace, variable)
        return found

    def _variable(self, namespace: str, variable: Tree) -> str:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if reference is None:
            return str(variable.get("value", ""))
        return self._secret(namespace, reference["name"]).get(reference["key"], "")

    def _secret(self, namespace: str, name: str) -> dict[str, str]:
        try:
            return secret_values(self._store.get(SECRET, namespace, name))
        except Missing:
            return {}

    def _now(self) -> str:
        return stamp(self._clock.now())


def secret_values(secret: Tree) -> dict[str, str]:
    """Return the values of a Secret in clear."""
    return {key: b64decode(value).decode() for key, value in secret.get("data", {}).items()}


def _status(pod: Tree, phase: str, waiting: str | None, now: str) -> Tree:
    ready = "True" if phase == "Running" and waiting is None else "False"
    state: Tree = {"waiting": {"reason": waiting}} if waiting else {"running": {"startedAt": now}}
    container = pod["spec"]["containers"][0]
    kinds = {
        "Initialized": "True",
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": "True",
    }
    return {
        "phase": phase,
        "conditions": [
            {"type": kind, "status": value, "lastTransitionTime": now}
            for kind, value in kinds.items()
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": f"{container['image']}@sandbox",
                "ready": ready == "True",
                "restartCount": 0,
                "state": state,
            }
        ],
        "startTime": now,
    }


def _reference(owner: Tree) -> Tree:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _owner_id(pod: Tree) -> Any:
    return next((r["uid"] for r in pod["metadata"].get("ownerReferences", [])), None)


def _word(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_SUFFIX))
        letters.append(_SUFFIX[index])
    return "".join(letters)
