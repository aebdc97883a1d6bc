"""From a commit to a running pod: each link can be late, stale or broken, as in the field."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.cluster.resources import SECRET, SOPS_SECRET
from sandbox.layout import SOPS_FILE

if TYPE_CHECKING:
    from sandbox.world import World
    from tests.sandbox.conftest import KubeClient

FLUX = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations"
SOURCE = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/infra"
APPS = "/apis/apps/v1/namespaces"
AI_AGENTS = f"{APPS}/ai-bos-agent/deployments/ai-agents"
KEY = "ANTHROPIC_API_KEY"


def reconcile(
    world: World, kube: KubeClient, name: str, moment: str | None = None
) -> dict[str, Any]:
    moment = moment or secrets.token_hex(4)
    kube.annotate(SOURCE, requestedAt=moment)
    world.cluster.settle()
    kube.annotate(f"{FLUX}/{name}", requestedAt=moment)
    world.cluster.settle()
    status: dict[str, Any] = world.cluster.kustomization(name)["status"]
    return status


def ready(status: dict[str, Any]) -> tuple[str, str]:
    condition = status["conditions"][0]
    return condition["status"], condition["reason"]


def test_commit_reaches_the_secret_and_a_restart_the_pods(world: World, kube: KubeClient) -> None:
    old = world.values["ai_agents.anthropic_api_key"]
    commit = world.set_as_human("ai_agents.anthropic_api_key", "new-key")
    assert world.cluster.secret("ai-bos-agent", "ai-agents-secrets")[KEY] == old

    status = reconcile(world, kube, "ai-bos-agent", "one")
    assert world.cluster.source()["status"]["artifact"]["revision"] == f"main@sha1:{commit}"
    assert status["lastAppliedRevision"] == f"main@sha1:{commit}"
    assert status["lastHandledReconcileAt"] == "one"
    assert ready(status) == ("True", "ReconciliationSucceeded")
    assert world.cluster.secret("ai-bos-agent", "ai-agents-secrets")[KEY] == "new-key"
    assert [p[KEY] for p in world.cluster.pod_env("ai-bos-agent", "ai-agents")] == [old, old]

    kube.restart(AI_AGENTS, "2026-01-01T00:00:00Z", "flux-client-side-apply")
    world.cluster.settle()
    pods = world.cluster.pod_env("ai-bos-agent", "ai-agents")
    assert [p[KEY] for p in pods] == ["new-key", "new-key"]
    assert world.cluster.restarts("ai-bos-agent", "ai-agents") == 1


def test_reconcile_undoes_a_restart_without_the_field_manager_of_flux(
    world: World, kube: KubeClient
) -> None:
    website, gateway = (
        "pulse-website/deployments/website",
        "pulse-banking/deployments/banking-gateway",
    )
    kube.restart(f"{APPS}/{website}", "2026-01-01T00:00:00Z", "kubectl-rollout")
    kube.restart(f"{APPS}/{gateway}", "2026-01-01T00:00:00Z", "flux-client-side-apply")
    world.cluster.settle()
    assert world.cluster.restarts("pulse-website", "website") == 1

    world.cluster.reconcile_now()

    assert world.cluster.restarts("pulse-website", "website") == 2
    template = world.cluster.workload("pulse-website", "website")["spec"]["template"]
    assert "annotations" not in template["metadata"]
    assert world.cluster.restarts("pulse-banking", "banking-gateway") == 1
    template = world.cluster.workload("pulse-banking", "banking-gateway")["spec"]["template"]
    assert template["metadata"]["annotations"] == {
        "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"
    }


def test_suspended_kustomization_does_nothing_until_it_is_resumed(
    world: World, kube: KubeClient
) -> None:
    world.cluster.suspend("penpot")
    before = world.cluster.kustomization("penpot")["status"]
    commit = world.set_as_human("penpot.secret_key", "new-penpot-key")

    assert reconcile(world, kube, "penpot") == before
    world.cluster.suspend("penpot", is_suspended=False)
    world.cluster.settle()

    status = world.cluster.kustomization("penpot")["status"]
    assert status["lastAppliedRevision"].endswith(commit)
    assert world.cluster.secret("penpot", "penpot-secrets")["PENPOT_SECRET_KEY"] == "new-penpot-key"


def test_failed_reconcile_is_handled_but_not_applied(world: World, kube: KubeClient) -> None:
    before = world.cluster.kustomization("redis")["status"]["lastAppliedRevision"]
    good = world.remote.file(SOPS_FILE)
    assert good is not None
    commit = world.remote.commit({SOPS_FILE: b""}, "Truncate the secrets")

    status = reconcile(world, kube, "redis", "two")
    world.remote.commit({SOPS_FILE: good}, "Bring the secrets back")

    assert ready(status) == ("False", "BuildFailed")
    assert status["lastHandledReconcileAt"] == "two"
    assert status["lastAttemptedRevision"].endswith(commit)
    assert status["lastAppliedRevision"] == before
    assert reconcile(world, kube, "redis")["lastAppliedRevision"] != before


def test_ordered_failure_lasts_until_it_is_lifted(world: World, kube: KubeClient) -> None:
    world.cluster.fail_kustomization("monitoring")
    assert ready(reconcile(world, kube, "monitoring")) == ("False", "ReconciliationFailed")
    world.cluster.fail_kustomization("monitoring", None)

    assert ready(reconcile(world, kube, "monitoring"))[0] == "True"


def test_undecryptable_value_leaves_flux_ready_and_the_old_secret(
    world: World, kube: KubeClient
) -> None:
    good = world.remote.file(SOPS_FILE)
    assert good is not None
    held = world.cluster.secret("matomo", "matomo-secrets")
    mark = b"ENC[AES256_GCM,data:"
    world.remote.commit({SOPS_FILE: good.replace(mark, mark + b"A", 1)}, "Damage a value")

    status = reconcile(world, kube, "matomo")
    wrapper = world.cluster.object(SOPS_SECRET, "matomo", "matomo-secrets")
    world.remote.commit({SOPS_FILE: good}, "Bring the secrets back")

    assert ready(status) == ("True", "ReconciliationSucceeded")
    assert wrapper["status"] == {"message": "Decryption error"}
    assert world.cluster.secret("matomo", "matomo-secrets") == held
    reconcile(world, kube, "matomo")


def test_frozen_operator_leaves_the_secret_and_says_healthy(world: World, kube: KubeClient) -> None:
    world.cluster.freeze_operator()
    held = world.cluster.object(SECRET, "matomo", "matomo-secrets")
    world.set_as_human("matomo.admin_password", "new-matomo-password")
    status = reconcile(world, kube, "matomo")
    world.cluster.freeze_operator(is_frozen=False)

    assert ready(status)[0] == "True"
    assert world.cluster.object(SECRET, "matomo", "matomo-secrets") == held
    wrapper = world.cluster.object(SOPS_SECRET, "matomo", "matomo-secrets")
    assert wrapper["status"]["message"] == "Healthy"


def test_overlooked_request_leaves_a_stale_status(world: World, kube: KubeClient) -> None:
    world.cluster.overlook("redis")
    before = world.cluster.kustomization("redis")["status"]
    stale = reconcile(world, kube, "redis")
    world.cluster.overlook("redis", is_overlooked=False)

    assert stale == before
    assert world.cluster.request_as_stranger("redis").endswith("#stranger")


def test_pod_that_never_gets_ready_keeps_the_old_ones_and_misses_its_deadline(
    world: World, kube: KubeClient
) -> None:
    world.cluster.never_ready("matomo", "matomo")
    kube.restart(
        f"{APPS}/matomo/deployments/matomo", "2026-01-01T00:00:00Z", "flux-client-side-apply"
    )
    world.cluster.settle()
    status = world.cluster.workload("matomo", "matomo")["status"]

    assert status["conditions"][1]["reason"] == "ProgressDeadlineExceeded"
    assert (status["replicas"], status["updatedReplicas"], status["availableReplicas"]) == (3, 1, 2)

    world.cluster.never_ready("matomo", "matomo", is_stuck=False)
    world.cluster.settle()
    status = world.cluster.workload("matomo", "matomo")["status"]
    assert (status["replicas"], status["updatedReplicas"], status["availableReplicas"]) == (2, 2, 2)
    assert status["conditions"][1]["reason"] == "NewReplicaSetAvailable"


def test_application_works_with_what_its_pods_hold(world: World, kube: KubeClient) -> None:
    app, ring = world.urls["app"], world.anthropic
    key = ring.create("plana-chat")
    world.set_as_human("ai_agents.anthropic_api_key", key.secret)
    reconcile(world, kube, "ai-bos-agent")
    kube.restart(AI_AGENTS, "2026-01-02T00:00:00Z", "flux-client-side-apply")
    world.cluster.settle()

    assert httpx.post(f"{app}/chat").json()["reply"]
    assert httpx.get(f"{app}/health/ai-bos-agent").status_code == 200
    ring.update(key.key_id, status="inactive")
    assert httpx.post(f"{app}/chat").status_code == 502


def test_namespace_is_well_only_when_every_pod_holds_the_present_value(
    world: World, kube: KubeClient
) -> None:
    health = f"{world.urls['app']}/health/pulse-banking"
    assert httpx.get(health).status_code == 200
    world.set_as_human("pulse_banking.psd2_webhook_secret", "new-webhook-secret")
    reconcile(world, kube, "pulse-banking")
    assert httpx.get(health).status_code == 503

    path = f"{APPS}/pulse-banking/deployments/banking-gateway"
    kube.restart(path, "2026-01-03T00:00:00Z", "flux-client-side-apply")
    world.cluster.settle()
    assert httpx.get(health).status_code == 200
