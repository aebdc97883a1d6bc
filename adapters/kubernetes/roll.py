"""One workload of one cluster: what it is now, whether it may be restarted, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.kubernetes.rollout import (
    Stage,
    living,
    marks_of,
    obstacle,
    restarted_at,
    revision_of,
    selector_of,
    stage_of,
    template_of,
    waiting_reasons,
)
from adapters.kubernetes.workload import Workload
from adapters.shared.cluster import Cluster, Document
from engine.errors import Refused


@dataclass(frozen=True)
class Sight:
    """What one look at a workload and its pods has shown."""

    workload: Workload
    document: Document
    pods: tuple[Document, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """Return the marks of the restarts that its new pods come after, the newest first."""
        return marks_of(template_of(self.document))

    @property
    def restarted_at(self) -> str:
        """Return when the last restart was asked for."""
        return restarted_at(self.document)

    @property
    def revision(self) -> str:
        """Return what the cluster calls the present state."""
        return revision_of(self.workload.kind, self.document)

    @property
    def running(self) -> int:
        """Return how many pods have not ended."""
        return len(living(self.pods))

    @property
    def obstacle(self) -> str:
        """Say why a restart would not reach the pods; empty where it would."""
        return obstacle(self.workload.kind, self.document)

    @property
    def reasons(self) -> str:
        """Return why pods do not start, in the cluster's words."""
        return ", ".join(waiting_reasons(self.pods))

    def stage(self, key: str | None) -> Stage:
        """Return how far the rollout is; with a `key`, the one that has it among its marks."""
        if key is not None and key not in self.marks:
            return Stage("it has not been restarted by this run")
        return stage_of(self.workload.kind, self.document, self.pods, key)


def see(cluster: Cluster, workload: Workload) -> Sight:
    """Look at a workload and its pods; raise `Refused` where there is none."""
    found = cluster.get(workload.path)
    if found is None:
        raise Refused(
            f"there is no {workload.reference} in namespace {workload.namespace}",
            hint="Correct the workload in the runbook or the catalogue.",
        )
    pods = cluster.items(workload.pods_path, labelSelector=selector_of(found))
    return Sight(workload, found, pods)


def require_restartable(sight: Sight) -> None:
    """Raise `Refused` where a restart would not replace every pod."""
    if not sight.obstacle:
        return
    workload = sight.workload
    raise Refused(
        f"{workload.reference} in {workload.namespace} cannot be restarted: {sight.obstacle}",
        hint="Change that in git, or replace its pods in a manual step.",
    )


def require_healthy(sight: Sight) -> None:
    """Raise `Refused` where the workload is not well before anything has happened."""
    stage = sight.stage(None)
    if stage.is_complete:
        return
    workload = sight.workload
    raise Refused(
        f"{workload.reference} in {workload.namespace} is not healthy now: {stage.finding}",
        hint="Bring it to health first, so that the restart proves the new value.",
    )


def require_patch(cluster: Cluster, workload: Workload) -> None:
    """Raise `Refused` where our account may not restart the workload."""
    if cluster.allows("patch", "apps", workload.resource, workload.namespace, workload.name):
        return
    raise Refused(
        f"our account may not patch {workload.reference} in {workload.namespace}",
        hint=f"Grant patch on {workload.resource}.apps in {workload.namespace} to that account.",
    )
