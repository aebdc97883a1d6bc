"""A cluster as it stands before the first run: reconciled, healthy, everything in agreement."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from sandbox.cluster.flux import FLUX, SOURCE
from sandbox.cluster.resources import (
    CRON_JOB,
    GIT_REPOSITORY,
    KUSTOMIZATION,
    NAMESPACE,
    SECRET,
    SOPS_SECRET,
    WORKLOAD_KINDS,
)
from sandbox.manifests import secrets_of, sops_secret_manifest, workload_manifest
from sandbox.placement import PLACEMENTS, WORKLOADS, namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.cluster.rollouts import Rollouts
    from sandbox.cluster.store import Store, Tree

_FLUX_MANAGER = "kustomize-controller"


def seed_cluster(
    store: Store, rollouts: Rollouts, values: Mapping[str, str], url: str, revision: str
) -> None:
    """Fill an empty store with what git at `revision` and `values` amount to."""
    for name in ("default", "kube-system", FLUX, "runbooks", *namespaces()):
        manifest: Tree = {"metadata": {"name": name}, "spec": {}, "status": {"phase": "Active"}}
        manifest["metadata"]["labels"] = {"kubernetes.io/metadata.name": name}
        store.add(NAMESPACE, manifest, "kubectl")
    store.add(SECRET, _flux_secret(), "flux")
    _seed_source(store, url, revision)
    for namespace in namespaces():
        _seed_secrets(store, namespace, values)
        _seed_kustomization(store, namespace, revision)
    _seed_workloads(store, rollouts)


def _seed_source(store: Store, url: str, revision: str) -> None:
    store.add(
        GIT_REPOSITORY,
        {
            "metadata": {"name": SOURCE, "namespace": FLUX},
            "spec": {"interval": "1m0s", "url": url, "ref": {"branch": "main"}},
            "status": {
                "observedGeneration": 1,
                "artifact": {"revision": revision},
                "conditions": [_ready("Succeeded", f"stored artifact for revision '{revision}'")],
            },
        },
        _FLUX_MANAGER,
        "Apply",
    )


def _seed_kustomization(store: Store, namespace: str, revision: str) -> None:
    spec = {
        "interval": "10m0s",
        "path": f"./infra/k8s/{namespace}",
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": SOURCE},
        "targetNamespace": namespace,
        "timeout": "2m0s",
    }
    status = {
        "observedGeneration": 1,
        "lastAttemptedRevision": revision,
        "lastAppliedRevision": revision,
        "conditions": [_ready("ReconciliationSucceeded", f"Applied revision: {revision}")],
    }
    manifest = {"metadata": {"name": namespace, "namespace": FLUX}, "spec": spec, "status": status}
    store.add(KUSTOMIZATION, manifest, _FLUX_MANAGER, "Apply")


def _seed_secrets(store: Store, namespace: str, values: Mapping[str, str]) -> None:
    for name in secrets_of(namespace):
        wrapper = sops_secret_manifest(namespace, name)
        wrapper["status"] = {"message": "Healthy"}
        store.add(SOPS_SECRET, wrapper, _FLUX_MANAGER, "Apply")
        placed = [p for p in PLACEMENTS if (p.namespace, p.secret) == (namespace, name)]
        data = {p.key: b64encode(values[p.path].encode()).decode() for p in placed}
        secret = {
            "metadata": {"name": name, "namespace": namespace},
            "type": "Opaque",
            "data": data,
        }
        store.add(SECRET, secret, "sops-secrets-operator")


def _seed_workloads(store: Store, rollouts: Rollouts) -> None:
    for workload in WORKLOADS:
        resource = WORKLOAD_KINDS[workload.kind]
        store.add(resource, workload_manifest(workload), _FLUX_MANAGER, "Apply")
        rollouts.settle_new(resource, workload.namespace, workload.name)
    matomo = next(w for w in WORKLOADS if w.namespace == "matomo")
    template = workload_manifest(matomo)["spec"]["template"]
    spec = {"schedule": "15 3 * * *", "jobTemplate": {"spec": {"template": template}}}
    meta = {"name": "matomo-archive", "namespace": "matomo"}
    store.add(CRON_JOB, {"metadata": meta, "spec": spec, "status": {}}, _FLUX_MANAGER, "Apply")


def _flux_secret() -> Tree:
    meta = {"name": "infra-deploy-key", "namespace": FLUX}
    return {"metadata": meta, "type": "Opaque", "data": {"known_hosts": ""}}


def _ready(reason: str, message: str) -> Tree:
    return {
        "type": "Ready",
        "status": "True",
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
    }
