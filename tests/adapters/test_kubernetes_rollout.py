"""When a rollout is over, judged on documents as the API gives them."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.kubernetes.rollout import (
    obstacle,
    revision_of,
    selector_of,
    stage_of,
    waiting_reasons,
)
from adapters.kubernetes.workload import canonical

KEY = "run-1/restart"


def workload(generation: int = 3, spec: Any = None, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "spec": {"replicas": 2} if spec is None else spec,
        "status": {"observedGeneration": 3, **status},
    }


def deployed(**changes: Any) -> dict[str, Any]:
    counts = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return workload(**{**counts, **changes})


def stateful(**changes: Any) -> dict[str, Any]:
    counts = {"readyReplicas": 2, "updatedReplicas": 2}
    revisions = {"currentRevision": "r-2", "updateRevision": "r-2"}
    return workload(**{**counts, **revisions, **changes})


def daemonic(**changes: Any) -> dict[str, Any]:
    counts = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}
    return workload(**{**counts, **changes})


def pod(mark: str = KEY, ready: str = "True", **changes: Any) -> dict[str, Any]:
    meta = {"annotations": {"plana.dev/rotation-id": mark}, **changes.pop("metadata", {})}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}], **changes}
    return {"metadata": meta, "status": status}


EXCEEDED = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]

UNFINISHED = [
    ("deployment", deployed(generation=4), "has not seen"),
    ("deployment", deployed(updatedReplicas=1), "1 of 2 pods are updated"),
    ("deployment", deployed(updatedReplicas=None), "0 of 2 pods are updated"),
    ("deployment", deployed(replicas=3), "1 old pods are not gone"),
    ("deployment", deployed(availableReplicas=1), "1 of 2 updated pods are available"),
    ("deployment", deployed(spec={}, updatedReplicas=0), "0 of 1 pods are updated"),
    ("statefulset", stateful(generation=4), "has not seen"),
    ("statefulset", stateful(observedGeneration=0), "has not seen"),
    ("statefulset", stateful(readyReplicas=1), "1 of 2 pods are ready"),
    ("statefulset", stateful(currentRevision="r-1", updatedReplicas=1), "1 of 2 pods are at"),
    ("daemonset", daemonic(generation=4), "has not seen"),
    ("daemonset", daemonic(updatedNumberScheduled=1), "1 of 2 pods are updated"),
    ("daemonset", daemonic(numberAvailable=1), "1 of 2 updated pods are available"),
]


@pytest.mark.parametrize(("kind", "document", "finding"), UNFINISHED)
def test_status_of_the_workload_says_what_is_missing(
    kind: str, document: Any, finding: str
) -> None:
    stage = stage_of(kind, document, [pod(), pod()], KEY)

    assert not stage.is_complete
    assert not stage.is_stuck
    assert finding in stage.finding


@pytest.mark.parametrize(
    ("kind", "document"),
    [("deployment", deployed()), ("statefulset", stateful()), ("daemonset", daemonic())],
)
def test_rollout_is_complete_when_status_and_pods_agree(kind: str, document: Any) -> None:
    assert stage_of(kind, document, [pod(), pod()], KEY).is_complete


def test_a_pod_that_came_after_a_later_restart_came_after_ours_too() -> None:
    later = pod(mark=f"run-9/restart {KEY} run-0/restart")

    assert stage_of("deployment", deployed(), [later, later], KEY).is_complete
    assert not stage_of("deployment", deployed(), [later, later], "run-8/restart").is_complete


@pytest.mark.parametrize(
    ("pods", "finding"),
    [
        ([pod(), pod(mark="run-0/restart")], "1 of 2 pods do not carry the mark"),
        ([pod(), {"metadata": {}, "status": {}}], "1 of 2 pods do not carry the mark"),
        ([pod(), pod(metadata={"deletionTimestamp": "t"})], "1 of 2 pods are still terminating"),
        ([pod(), pod(ready="False")], "1 of 2 pods are not ready"),
        ([pod(), pod(conditions=[])], "1 of 2 pods are not ready"),
    ],
)
def test_a_status_that_lags_behind_is_found_out_by_the_pods(pods: Any, finding: str) -> None:
    assert finding in stage_of("deployment", deployed(), pods, KEY).finding


def test_pods_that_have_ended_do_not_count() -> None:
    ended = [pod(mark="", phase="Failed"), pod(mark="", phase="Succeeded")]

    assert stage_of("deployment", deployed(), [pod(), pod(), *ended], KEY).is_complete


def test_health_without_a_key_asks_for_no_mark() -> None:
    assert stage_of("deployment", deployed(), [pod(mark="older")], None).is_complete


def test_exceeded_deadline_is_stuck_unless_it_is_about_an_older_generation() -> None:
    now = stage_of("deployment", deployed(conditions=EXCEEDED), [], KEY)
    before = stage_of("deployment", deployed(conditions=EXCEEDED, generation=4), [], KEY)

    assert now.is_stuck
    assert not before.is_stuck


@pytest.mark.parametrize(
    ("kind", "spec", "word"),
    [
        ("statefulset", {"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ("daemonset", {"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ("deployment", {"paused": True}, "paused"),
        ("statefulset", {"updateStrategy": {"rollingUpdate": {"partition": 1}}}, "partition"),
    ],
)
def test_what_no_restart_can_reach_is_named(kind: str, spec: Any, word: str) -> None:
    assert word in obstacle(kind, {"spec": spec})


def test_ordinary_strategies_are_no_obstacle() -> None:
    rolling = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}

    assert obstacle("statefulset", {"spec": rolling}) == ""
    assert obstacle("deployment", {"spec": {"paused": False}}) == ""


def test_waiting_reasons_are_the_words_of_the_cluster_and_nothing_longer() -> None:
    pods = [
        pod(containerStatuses=[{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]),
        pod(initContainerStatuses=[{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]),
        pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]),
        pod(containerStatuses=[{"state": {"waiting": {"reason": "a value: s3cret"}}}]),
    ]

    assert waiting_reasons(pods) == ("CrashLoopBackOff", "ImagePullBackOff", "Unschedulable")


def test_selector_speaks_every_operator() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["web", "api"]},
        {"key": "track", "operator": "NotIn", "values": ["canary"]},
        {"key": "team", "operator": "Exists"},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"app": "x"}, "matchExpressions": expressions}

    spoken = selector_of({"spec": {"selector": selector}})

    assert spoken == "app=x,tier in (web,api),track notin (canary),team,!old"


def test_each_kind_has_its_own_revision() -> None:
    noted = {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "7"}}}

    assert revision_of("deployment", noted) == "7"
    assert revision_of("statefulset", stateful()) == "r-2"
    assert revision_of("daemonset", daemonic()) == "3"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("deploy/x", "deployment/x"),
        ("Deployment/x", "deployment/x"),
        ("sts/x", "statefulset/x"),
        ("ds/x", "daemonset/x"),
    ],
)
def test_short_names_mean_what_kubectl_means(written: str, meant: str) -> None:
    assert canonical(written) == meant


@pytest.mark.parametrize("written", ["ai-agents", "deployment/", "a/b/c", "job/x", "/x"])
def test_what_cannot_be_restarted_is_no_workload(written: str) -> None:
    with pytest.raises(ValueError, match=r"kind/name|cannot be restarted"):
        canonical(written)
