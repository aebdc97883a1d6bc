"""Rollouts of all workloads: begun when a template changes, taken step by step on the agenda."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sandbox.cluster.deployments import DeploymentRoll
from sandbox.cluster.pods import Kubelet, template_hash
from sandbox.cluster.resources import DAEMON_SET, DEPLOYMENT, STATEFUL_SET, Resource
from sandbox.cluster.sets import SetRoll

if TYPE_CHECKING:
    from sandbox.cluster.agenda import Agenda, Pace
    from sandbox.cluster.store import Store, Tree

_Key = tuple[str, str, str]


class Rollouts:
    """Listens to the store and rolls what changed."""

    def __init__(self, store: Store, kubelet: Kubelet, agenda: Agenda, pace: Pace) -> None:
        self._store = store
        self._agenda = agenda
        self._pace = pace
        self._rolls: dict[Resource, DeploymentRoll | SetRoll] = {
            DEPLOYMENT: DeploymentRoll(store, kubelet),
            STATEFUL_SET: SetRoll(store, kubelet, STATEFUL_SET),
            DAEMON_SET: SetRoll(store, kubelet, DAEMON_SET),
        }
        self._templates: dict[_Key, str] = {}
        self._busy: set[_Key] = set()
        self._stuck: set[tuple[str, str]] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        store.listen(self._notice)

    def settle_new(self, resource: Resource, namespace: str, name: str) -> None:
        """Bring up a workload at once, for the seed; it does not count as a restart."""
        with self._store.lock:
            while self._rolls[resource].step(namespace, name, may_be_ready=True):
                pass
            self._counts[(namespace, name)] = 0

    def restarts(self, namespace: str, name: str) -> int:
        """Return how many rollouts of a workload have begun."""
        return self._counts[(namespace, name)]

    def pods(self, resource: Resource, workload: Tree) -> list[Tree]:
        """Return every pod of a workload, those being deleted too."""
        return self._rolls[resource].pods(workload)

    def set_stuck(self, namespace: str, name: str, *, is_stuck: bool) -> None:
        """Let new pods of a workload never be ready, or let them be ready again."""
        with self._store.lock:
            if is_stuck:
                self._stuck.add((namespace, name))
                return
            self._stuck.discard((namespace, name))
            for resource in self._rolls:
                self._wake((resource.full_name, namespace, name), resource)

    def _notice(self, resource: Resource, found: Tree) -> None:
        if resource not in self._rolls:
            return
        meta = found["metadata"]
        key = (resource.full_name, meta["namespace"], meta["name"])
        digest = template_hash(found["spec"]["template"])
        is_new = key not in self._templates
        has_changed = not is_new and self._templates[key] != digest
        self._templates[key] = digest
        if has_changed:
            self._counts[key[1:]] += 1
        observed = found.get("status", {}).get("observedGeneration")
        if observed != meta["generation"]:
            self._wake(key, resource)

    def _wake(self, key: _Key, resource: Resource) -> None:
        if key not in self._templates or key in self._busy:
            return
        self._busy.add(key)
        self._agenda.later(self._pace.rollout, lambda: self._step(key, resource))

    def _step(self, key: _Key, resource: Resource) -> None:
        _, namespace, name = key
        with self._store.lock:
            may_be_ready = (namespace, name) not in self._stuck
            roll = self._rolls[resource]
            if roll.step(namespace, name, may_be_ready=may_be_ready):
                self._agenda.later(self._pace.rollout, lambda: self._step(key, resource))
                return
            self._busy.discard(key)
            found = self._store.get(resource, namespace, name)
            if not roll.is_complete(namespace, name):
                digest = template_hash(found["spec"]["template"])
                self._agenda.later(self._pace.deadline, lambda: self._expire(key, resource, digest))

    def _expire(self, key: _Key, resource: Resource, digest: str) -> None:
        _, namespace, name = key
        with self._store.lock:
            roll = self._rolls[resource]
            if self._templates[key] == digest and not roll.is_complete(namespace, name):
                roll.mark_failed(namespace, name)
