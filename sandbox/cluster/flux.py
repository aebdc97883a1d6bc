"""Flux: a source that fetches `main`, and Kustomizations that apply what was fetched.

As kustomize-controller does: `lastAttemptedRevision` before the work, `lastAppliedRevision` only
after it, and `lastHandledReconcileAt` at its end even when it failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock, stamp
from sandbox.cluster.resources import GIT_REPOSITORY, KUSTOMIZATION, Resource
from sandbox.programs import ProgramFailed

if TYPE_CHECKING:
    from sandbox.cluster.agenda import Agenda, Pace
    from sandbox.cluster.applying import Applier
    from sandbox.cluster.store import Store, Tree
    from sandbox.remote import Remote

FLUX = "flux-system"
SOURCE = "infra"
REQUESTED = "reconcile.fluxcd.io/requestedAt"


class ApplyFailed(Exception):
    """A Kustomization could not be built or applied; carries the reason word and a message."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class _Outcome:
    status: str
    reason: str
    message: str
    fields: dict[str, Any] = field(default_factory=dict)


class Flux:
    """Both controllers; they listen to the store and work on the agenda."""

    def __init__(
        self, store: Store, remote: Remote, applier: Applier, agenda: Agenda, pace: Pace
    ) -> None:
        self._store = store
        self._remote = remote
        self._applier = applier
        self._agenda = agenda
        self._pace = pace
        self._clock = Clock()
        self._asleep: set[str] = set()
        self._failing: dict[str, str] = {}
        self._queued: set[tuple[str, str, str]] = set()
        store.listen(self._notice)

    def sleep(self, name: str, *, is_asleep: bool) -> None:
        """Let the controller overlook one Kustomization or source: its status then stays stale."""
        (self._asleep.add if is_asleep else self._asleep.discard)(name)

    def fail(self, name: str, message: str | None) -> None:
        """Let every apply of a Kustomization fail with `message`, or succeed again."""
        self._failing.pop(name, None)
        if message is not None:
            self._failing[name] = message

    def reconcile_all(self) -> None:
        """Queue the source and every Kustomization, as their intervals do."""
        self._enqueue(GIT_REPOSITORY, FLUX, SOURCE, self._pace.source)
        for found in self._store.list(KUSTOMIZATION):
            meta, wait = found["metadata"], self._pace.source + self._pace.kustomize
            self._enqueue(KUSTOMIZATION, meta["namespace"], meta["name"], wait)

    def revision(self) -> str:
        """Return the revision of `main` as Flux writes it."""
        return f"main@sha1:{self._remote.head()}"

    def _notice(self, resource: Resource, found: Tree) -> None:
        if resource not in (GIT_REPOSITORY, KUSTOMIZATION):
            return
        status, meta = found.get("status", {}), found["metadata"]
        requested = meta.get("annotations", {}).get(REQUESTED)
        is_new_request = requested is not None and requested != status.get("lastHandledReconcileAt")
        is_edited = status.get("observedGeneration", meta["generation"]) != meta["generation"]
        if is_new_request or is_edited:
            pace = self._pace.source if resource is GIT_REPOSITORY else self._pace.kustomize
            self._enqueue(resource, meta["namespace"], meta["name"], pace)

    def _enqueue(self, resource: Resource, namespace: str, name: str, seconds: float) -> None:
        with self._store.lock:
            if (resource.kind, namespace, name) in self._queued:
                return
            self._queued.add((resource.kind, namespace, name))
        work = self._fetch if resource is GIT_REPOSITORY else self._apply
        self._agenda.later(seconds, lambda: work(namespace, name))

    def _fetch(self, namespace: str, name: str) -> None:
        self._queued.discard((GIT_REPOSITORY.kind, namespace, name))
        found = self._store.get(GIT_REPOSITORY, namespace, name)
        if self._is_idle(found):
            return
        try:
            revision = self.revision()
        except ProgramFailed:
            words = ("GitOperationFailed", "failed to checkout and determine revision")
            self._close(GIT_REPOSITORY, found, _Outcome("False", *words))
            return
        before = found.get("status", {}).get("artifact", {}).get("revision")
        words = ("Succeeded", f"stored artifact for revision '{revision}'")
        self._close(GIT_REPOSITORY, found, _Outcome("True", *words, _artifact(revision)))
        if revision != before:
            for kustomization in self._store.list(KUSTOMIZATION):  # they watch their source
                meta = kustomization["metadata"]
                where = (meta["namespace"], meta["name"])
                self._enqueue(KUSTOMIZATION, *where, self._pace.kustomize)

    def _apply(self, namespace: str, name: str) -> None:
        found = self._store.get(KUSTOMIZATION, namespace, name)
        if self._is_idle(found):
            self._queued.discard((KUSTOMIZATION.kind, namespace, name))
            return
        wanted = found["spec"]["sourceRef"]
        source = self._store.get(GIT_REPOSITORY, wanted.get("namespace", namespace), wanted["name"])
        revision = source.get("status", {}).get("artifact", {}).get("revision")
        self._open(found["metadata"], revision)
        problem = self._try_to_apply(found, revision)
        self._agenda.later(
            self._pace.kustomize, lambda: self._finish(found, revision or "", problem)
        )

    def _try_to_apply(self, found: Tree, revision: str | None) -> tuple[str, str] | None:
        name = found["metadata"]["name"]
        if revision is None:
            return "ArtifactFailed", "Source artifact not found, retrying"
        if name in self._failing:
            return "ReconciliationFailed", self._failing[name]
        try:
            self._applier.apply(found, revision)
        except ApplyFailed as failure:
            return failure.reason, str(failure)
        return None

    def _finish(self, began: Tree, revision: str, problem: tuple[str, str] | None) -> None:
        meta = began["metadata"]
        self._queued.discard((KUSTOMIZATION.kind, meta["namespace"], meta["name"]))
        if problem is not None:
            self._close(KUSTOMIZATION, began, _Outcome("False", *problem))
            return
        words = ("ReconciliationSucceeded", f"Applied revision: {revision}")
        fields = {"lastAppliedRevision": revision}
        self._close(KUSTOMIZATION, began, _Outcome("True", *words, fields))

    def _open(self, meta: Tree, revision: str | None) -> None:
        def change(found: Tree) -> None:
            status = found.setdefault("status", {})
            if revision is not None:
                status["lastAttemptedRevision"] = revision
            words = ("Progressing", "Reconciliation in progress")
            generation = found["metadata"]["generation"]
            status["conditions"] = [_ready("Unknown", *words, generation, self._now())]

        self._store.change(KUSTOMIZATION, meta["namespace"], meta["name"], change)

    def _close(self, resource: Resource, began: Tree, outcome: _Outcome) -> None:
        meta = began["metadata"]
        requested = meta.get("annotations", {}).get(REQUESTED)
        words = (outcome.status, outcome.reason, outcome.message)

        def change(found: Tree) -> None:
            status = found.setdefault("status", {})
            status |= {"observedGeneration": meta["generation"], **outcome.fields}
            status["conditions"] = [_ready(*words, meta["generation"], self._now())]
            if requested is not None:
                status["lastHandledReconcileAt"] = requested

        self._store.change(resource, meta["namespace"], meta["name"], change)

    def _is_idle(self, found: Tree) -> bool:
        return found["spec"].get("suspend", False) or found["metadata"]["name"] in self._asleep

    def _now(self) -> str:
        return stamp(self._clock.now())


def _artifact(revision: str) -> dict[str, Any]:
    sha = revision.rpartition(":")[2]
    path = f"gitrepository/{FLUX}/{SOURCE}/{sha}.tar.gz"
    return {
        "artifact": {
            "revision": revision,
            "path": path,
            "url": f"http://source-controller.{FLUX}.svc.cluster.local./{path}",
            "lastUpdateTime": stamp(Clock().now()),
        }
    }


def _ready(outcome: str, reason: str, message: str, generation: int, now: str) -> Tree:
    return {
        "type": "Ready",
        "status": outcome,
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
        "lastTransitionTime": now,
    }
