"""When a rollout is over: the rules of `kubectl rollout status`, and one of our own.

The rules are those of kubectl's `rollout_status.go`. Ours is about pods: each must carry the
rotation's mark, because a creation time has whole seconds only and a status may lag behind.
No I/O is done here; documents come in as the API gives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]

ROTATION = "plana.dev/rotation-id"
"""The marks of the restarts that a pod has come after, the newest first, with spaces between."""
MARKS = 8
"""How many of them are kept."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_REVISION = "deployment.kubernetes.io/revision"
_REASON = re.compile(r"[A-Za-z]{1,64}")


@dataclass(frozen=True)
class Stage:
    """How far a rollout is."""

    finding: str
    """What is still missing, in one sentence; empty when the rollout is complete."""
    is_stuck: bool = False
    """The cluster itself has given up waiting."""

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.finding


COMPLETE = Stage("")


def stage_of(kind: str, workload: Document, pods: Iterable[Document], key: str | None) -> Stage:
    """Judge a rollout by the status of its workload and then by its pods.

    With a `key`, each pod must carry it among its marks; without, each must only be ready.
    """
    by_status = _BY_KIND[kind](workload)
    if by_status.finding:
        return by_status
    return _stage_of_pods(pods, key)


def template_of(workload: Document) -> Document:
    """Return the pod template."""
    return _part(_part(workload, "spec"), "template")


def restarted_at(workload: Document) -> str:
    """Return when the last restart was asked for; empty where none was."""
    annotations = _part(_part(template_of(workload), "metadata"), "annotations")
    return str(annotations.get(RESTARTED_AT, ""))


def marks_of(annotated: Document) -> tuple[str, ...]:
    """Return the marks of a pod, or of a pod template, the newest first.

    Several runs may restart a workload one after the other, each for a secret of its own. A pod
    that came after the later restart came after the earlier one as well.
    """
    annotations = _part(_part(annotated, "metadata"), "annotations")
    return tuple(str(annotations.get(ROTATION, "")).split())


def revision_of(kind: str, workload: Document) -> str:
    """Return what the cluster calls the state the pods were rolled to."""
    metadata, status = _part(workload, "metadata"), _part(workload, "status")
    if kind == "deployment":
        return str(_part(metadata, "annotations").get(_REVISION, ""))
    if kind == "statefulset":
        return str(status.get("updateRevision", ""))
    return str(metadata.get("generation", ""))


def obstacle(kind: str, workload: Document) -> str:
    """Say why a restart of this workload would not reach its pods; empty where it would."""
    spec = _part(workload, "spec")
    strategy = _part(spec, "updateStrategy")
    if strategy.get("type") == "OnDelete":
        return "its update strategy is OnDelete, so a restart replaces no pod"
    if kind == "deployment" and spec.get("paused"):
        return "it is paused, so a restart replaces no pod"
    if kind == "statefulset" and _part(strategy, "rollingUpdate").get("partition"):
        return "its rolling update has a partition, so a restart leaves some pods old"
    return ""


def selector_of(workload: Document) -> str:
    """Return the label selector of the workload's pods, as a query takes it."""
    selector = _part(_part(workload, "spec"), "selector")
    equal = [f"{name}={value}" for name, value in _part(selector, "matchLabels").items()]
    return ",".join(equal + [_requirement(each) for each in selector.get("matchExpressions") or ()])


def living(pods: Iterable[Document]) -> tuple[Document, ...]:
    """Leave out pods that have ended and only their record is left, such as evicted ones."""
    return tuple(
        pod for pod in pods if _part(pod, "status").get("phase") not in ("Succeeded", "Failed")
    )


def waiting_reasons(pods: Iterable[Document]) -> tuple[str, ...]:
    """Return why pods do not start, e.g. `CrashLoopBackOff`: the cluster's own words, no logs."""
    reasons = (reason for pod in pods for reason in _reasons_of(pod))
    return tuple(sorted({each for each in reasons if _REASON.fullmatch(each)}))


def _deployment(workload: Document) -> Stage:
    status, wanted = _part(workload, "status"), _replicas(workload)
    if _is_unobserved(workload):
        return Stage("the cluster has not seen the change yet")
    progressing = _condition(status, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Stage("the rollout has exceeded its progress deadline", is_stuck=True)
    updated, total = _count(status, "updatedReplicas"), _count(status, "replicas")
    if updated < wanted:
        return Stage(f"{updated} of {wanted} pods are updated")
    if total > updated:
        return Stage(f"{total - updated} old pods are not gone yet")
    available = _count(status, "availableReplicas")
    if available < updated:
        return Stage(f"{available} of {updated} updated pods are available")
    return COMPLETE


def _statefulset(workload: Document) -> Stage:
    status, wanted = _part(workload, "status"), _replicas(workload)
    if _is_unobserved(workload):
        return Stage("the cluster has not seen the change yet")
    ready = _count(status, "readyReplicas")
    if ready < wanted:
        return Stage(f"{ready} of {wanted} pods are ready")
    if status.get("updateRevision") != status.get("currentRevision"):
        updated = _count(status, "updatedReplicas")
        return Stage(f"{updated} of {wanted} pods are at the new revision")
    return COMPLETE


def _daemonset(workload: Document) -> Stage:
    status = _part(workload, "status")
    if _is_unobserved(workload):
        return Stage("the cluster has not seen the change yet")
    wanted = _count(status, "desiredNumberScheduled")
    updated = _count(status, "updatedNumberScheduled")
    if updated < wanted:
        return Stage(f"{updated} of {wanted} pods are updated")
    available = _count(status, "numberAvailable")
    if available < wanted:
        return Stage(f"{available} of {wanted} updated pods are available")
    return COMPLETE


_BY_KIND = {"deployment": _deployment, "statefulset": _statefulset, "daemonset": _daemonset}


def _stage_of_pods(pods: Iterable[Document], key: str | None) -> Stage:
    alive = living(pods)
    old = [pod for pod in alive if key is not None and key not in marks_of(pod)]
    if old:
        return Stage(f"{len(old)} of {len(alive)} pods do not carry the mark of this restart")
    leaving = [pod for pod in alive if _part(pod, "metadata").get("deletionTimestamp")]
    if leaving:
        return Stage(f"{len(leaving)} of {len(alive)} pods are still terminating")
    unready = [
        pod for pod in alive if _condition(_part(pod, "status"), "Ready").get("status") != "True"
    ]
    if unready:
        return Stage(f"{len(unready)} of {len(alive)} pods are not ready")
    return COMPLETE


def _reasons_of(pod: Document) -> list[str]:
    status = _part(pod, "status")
    containers = (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    )
    waiting = [_part(_part(each, "state"), "waiting").get("reason") for each in containers]
    unscheduled = _condition(status, "PodScheduled")
    if unscheduled.get("status") == "False":
        waiting.append(unscheduled.get("reason"))
    return [str(reason) for reason in waiting if reason]


def _requirement(expression: Document) -> str:
    name, operator = expression.get("key", ""), expression.get("operator")
    values = ",".join(expression.get("values") or ())
    spoken = {
        "In": f"{name} in ({values})",
        "NotIn": f"{name} notin ({values})",
        "Exists": f"{name}",
    }
    return spoken.get(str(operator), f"!{name}")


def _is_unobserved(workload: Document) -> bool:
    generation = _count(_part(workload, "metadata"), "generation")
    return _count(_part(workload, "status"), "observedGeneration") < generation


def _replicas(workload: Document) -> int:
    wanted = _part(workload, "spec").get("replicas")
    return 1 if wanted is None else int(wanted)


def _condition(status: Document, kind: str) -> Document:
    found = (each for each in status.get("conditions") or () if each.get("type") == kind)
    return next(found, {})


def _count(document: Document, name: str) -> int:
    return int(document.get(name) or 0)


def _part(document: Document, name: str) -> Document:
    return document.get(name) or {}
