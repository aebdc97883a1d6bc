"""The API double checks who asks and what, and keeps objects as the API server does."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING

import httpx
import pytest
from kubernetes import client as kubernetes
from kubernetes import config as kubernetes_config

from sandbox.cluster.permissions import rule
from sandbox.cluster.resources import STATEFUL_SET

if TYPE_CHECKING:
    from sandbox.world import World
    from tests.sandbox.conftest import KubeClient

DEPLOYMENT = "/apis/apps/v1/namespaces/pulse-website/deployments/website"
SECRET = "/api/v1/namespaces/pulse-website/secrets/website-secrets"
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/penpot"


def test_unknown_token_is_refused_with_401(world: World) -> None:
    url = world.urls["kubernetes"]

    assert httpx.get(url + SECRET).status_code == 401
    wrong = httpx.get(url + SECRET, headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()["reason"]) == (401, "Unauthorized")
    assert httpx.get(f"{url}/readyz").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/namespaces/flux-system/secrets/infra-deploy-key"),
        ("GET", "/api/v1/namespaces/pulse-website/secrets"),
        ("DELETE", DEPLOYMENT),
        ("PATCH", SECRET),
        ("POST", "/api/v1/namespaces/pulse-website/pods"),
    ],
)
def test_what_the_role_does_not_list_is_forbidden(kube: KubeClient, method: str, path: str) -> None:
    answer = kube.http.request(method, path)

    assert (answer.status_code, answer.json()["reason"]) == (403, "Forbidden")


def test_role_can_be_narrowed_and_widened(world: World, kube: KubeClient) -> None:
    world.cluster.permissions.forbid("patch", "deployments", "pulse-website")
    refused = kube.patch(DEPLOYMENT, {"metadata": {"labels": {"a": "b"}}})
    world.cluster.permissions.permit("patch", "deployments", "pulse-website")
    world.cluster.permissions.allow(rule("", "secrets", "list", "pulse-website"))

    assert refused.status_code == 403
    assert kube.http.get("/api/v1/namespaces/pulse-website/secrets").status_code == 200


def test_access_review_answers_as_the_role_is(kube: KubeClient) -> None:
    def ask(verb: str, namespace: str) -> bool:
        wanted = {"verb": verb, "group": "apps", "resource": "deployments", "namespace": namespace}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = kube.http.post(path, json={"spec": {"resourceAttributes": wanted}})
        return bool(answer.json()["status"]["allowed"])

    assert ask("patch", "redis") is True
    assert ask("delete", "redis") is False


def test_official_client_reads_and_restarts(world: World) -> None:
    path = str(world.layout.kubeconfig)
    api = kubernetes_config.new_client_from_config(path)  # type: ignore[no-untyped-call]  # the client types only its models
    with api:
        plain = api.sanitize_for_serialization
        apps, core = kubernetes.AppsV1Api(api), kubernetes.CoreV1Api(api)
        secret = plain(core.read_namespaced_secret("matomo-secrets", "matomo"))
        annotations = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
        body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        apps.patch_namespaced_deployment("matomo", "matomo", body, field_manager="tests")
        world.cluster.settle()
        rolled = plain(apps.read_namespaced_deployment("matomo", "matomo"))
        labels = "app.kubernetes.io/name=matomo"
        pods = plain(core.list_namespaced_pod("matomo", label_selector=labels))
        sets = plain(apps.list_namespaced_replica_set("matomo"))
        jobs = plain(kubernetes.BatchV1Api(api).list_namespaced_cron_job("matomo"))
        flux = ("kustomize.toolkit.fluxcd.io", "v1", "flux-system", "kustomizations", "matomo")
        found = plain(kubernetes.CustomObjectsApi(api).patch_namespaced_custom_object(*flux, {}))

    held = b64decode(secret["data"]["MATOMO_ADMIN_PASSWORD"]).decode()
    status = rolled["status"]
    assert held == world.values["matomo.admin_password"]
    assert status["observedGeneration"] == rolled["metadata"]["generation"] == 2
    assert status["replicas"] == status["updatedReplicas"] == len(pods["items"]) == 2
    assert sorted(s["spec"]["replicas"] for s in sets["items"]) == [0, 2]
    assert "tests" in {entry["manager"] for entry in rolled["metadata"]["managedFields"]}
    assert found["metadata"]["name"] == "matomo"
    assert [job["metadata"]["name"] for job in jobs["items"]] == ["matomo-archive"]


def test_custom_resources_know_no_strategic_merge(kube: KubeClient) -> None:
    answer = kube.patch(KUSTOMIZATION, {"spec": {}}, "strategic-merge-patch+json")

    assert (answer.status_code, answer.json()["reason"]) == (415, "UnsupportedMediaType")


def test_patch_that_changes_nothing_keeps_the_resource_version(kube: KubeClient) -> None:
    before = kube.http.get(KUSTOMIZATION).json()["metadata"]
    same = kube.patch(KUSTOMIZATION, {"spec": {"prune": True}}).json()["metadata"]
    other = kube.patch(KUSTOMIZATION, {"metadata": {"labels": {"a": "b"}}}).json()["metadata"]

    assert same["resourceVersion"] == before["resourceVersion"]
    assert other["resourceVersion"] != before["resourceVersion"]
    assert other["generation"] == before["generation"]


def test_stale_resource_version_is_a_conflict(kube: KubeClient) -> None:
    body = {"metadata": {"resourceVersion": "1", "labels": {"c": "d"}}}
    answer = kube.patch(KUSTOMIZATION, body)

    assert (answer.status_code, answer.json()["reason"]) == (409, "Conflict")


def test_apply_conflicts_with_another_manager_unless_forced(kube: KubeClient) -> None:
    body = {"spec": {"replicas": 3}}
    path, kind = "/apis/apps/v1/namespaces/penpot/deployments/penpot-backend", "apply-patch+yaml"

    assert kube.patch(path, body, kind).status_code == 400
    assert kube.patch(path, body, kind, fieldManager="tests").status_code == 409
    forced = kube.patch(path, body, kind, fieldManager="tests", force="true", dryRun="All")
    assert forced.json()["spec"]["replicas"] == 3
    assert kube.http.get(path).json()["spec"]["replicas"] == 1


def test_status_and_selector_do_not_yield_to_a_patch(kube: KubeClient) -> None:
    patched = kube.patch(KUSTOMIZATION, {"status": {"lastAppliedRevision": "mine"}})
    refused = kube.patch(DEPLOYMENT, {"spec": {"selector": {"matchLabels": {"a": "b"}}}})

    assert patched.json()["status"]["lastAppliedRevision"] != "mine"
    assert refused.status_code == 422


def test_times_have_whole_seconds(kube: KubeClient) -> None:
    pods = kube.http.get("/api/v1/namespaces/pulse-website/pods").json()["items"]

    for pod in pods:
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", pod["metadata"]["creationTimestamp"]
        )
        assert pod["metadata"]["labels"]["pod-template-hash"]
        assert pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"


def test_missing_object_and_unknown_kind_are_404(kube: KubeClient) -> None:
    for path in (f"{DEPLOYMENT}-2", "/apis/apps/v2/namespaces/redis/deployments/a", "/nowhere"):
        assert kube.http.get(path).status_code == 404


def test_stateful_set_rolls_to_one_revision(world: World, kube: KubeClient) -> None:
    path = "/apis/apps/v1/namespaces/redis/statefulsets/redis"
    before = kube.http.get(path).json()["status"]["currentRevision"]
    kube.restart(path, "2026-01-01T00:00:00Z", "tests")
    world.cluster.settle()
    status = world.cluster.object(STATEFUL_SET, "redis", "redis")["status"]

    assert status["currentRevision"] == status["updateRevision"] != before
    assert status["updatedReplicas"] == status["availableReplicas"] == 1
    assert [pod["metadata"]["name"] for pod in world.cluster.pods("redis", "redis")] == ["redis-0"]


def test_daemon_set_rolls(world: World, kube: KubeClient) -> None:
    path = "/apis/apps/v1/namespaces/monitoring/daemonsets/alert-relay"
    kube.restart(path, "2026-01-01T00:00:00Z", "tests")
    world.cluster.settle()
    found = kube.http.get(path).json()

    assert found["status"]["observedGeneration"] == found["metadata"]["generation"] == 2
    assert found["status"]["updatedNumberScheduled"] == found["status"]["numberAvailable"] == 1
