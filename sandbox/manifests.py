"""The plain files of the infra repository, as text: what Flux applies in each namespace."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sandbox.documents import dump_yaml
from sandbox.layout import SOPS_FILE
from sandbox.placement import PLACEMENTS, WORKLOADS, Workload, namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping

Manifest = dict[str, Any]


def workload_manifest(workload: Workload) -> Manifest:
    """Return the Deployment, StatefulSet or DaemonSet as it stands in git."""
    labels = {"app.kubernetes.io/name": workload.name}
    spec: Manifest = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [_container(workload)]},
        },
    }
    if workload.kind != "DaemonSet":
        spec["replicas"] = workload.replicas
    if workload.kind == "StatefulSet":
        spec["serviceName"] = workload.name
    metadata = {"name": workload.name, "namespace": workload.namespace, "labels": labels}
    return {"apiVersion": "apps/v1", "kind": workload.kind, "metadata": metadata, "spec": spec}


def sops_secret_manifest(namespace: str, secret: str) -> Manifest:
    """Return the SopsSecret that names which values of the SOPS file become `secret`.

    The real one carries encrypted chunks; here `sopsPaths` points into the one encrypted file, so
    that there is a single source for a value.
    """
    keys = {p.key: p.path for p in _placements(namespace, secret)}
    annotations = {"plana.dev/sops-file": SOPS_FILE}
    return {
        "apiVersion": "isindir.github.com/v1alpha3",
        "kind": "SopsSecret",
        "metadata": {"name": secret, "namespace": namespace, "annotations": annotations},
        "spec": {"secretTemplates": [{"name": secret, "sopsPaths": keys}]},
    }


@cache
def infra_files() -> Mapping[str, bytes]:
    """Return every cleartext file of the repository by path; none holds a secret."""
    files = {"README.md": b"# infra\n\nWhat runs on the platform, reconciled by Flux.\n"}
    for namespace in namespaces():
        for name, documents in _namespace_files(namespace).items():
            text = dump_yaml(*documents)
            files[f"infra/k8s/{namespace}/{name}"] = text.encode()
    return MappingProxyType(files)


def secrets_of(namespace: str) -> tuple[str, ...]:
    """Return the names of the Secrets in `namespace`, each once."""
    return tuple(dict.fromkeys(p.secret for p in PLACEMENTS if p.namespace == namespace))


def _namespace_files(namespace: str) -> dict[str, list[Manifest]]:
    workloads = [workload for workload in WORKLOADS if workload.namespace == namespace]
    files: dict[str, list[Manifest]] = {
        f"{workload.kind.lower()}-{workload.name}.yaml": [workload_manifest(workload)]
        for workload in workloads
    }
    files["secrets.yaml"] = [
        sops_secret_manifest(namespace, name) for name in secrets_of(namespace)
    ]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "resources": sorted(files),
    }
    return {"kustomization.yaml": [kustomization], **files}


def _container(workload: Workload) -> Manifest:
    env = [
        {
            "name": placement.key,
            "valueFrom": {"secretKeyRef": {"name": placement.secret, "key": placement.key}},
        }
        for placement in _placements(workload.namespace, workload.secret)
    ]
    return {"name": workload.name, "image": workload.image, "env": env}


def _placements(namespace: str, secret: str) -> list[Any]:
    return [p for p in PLACEMENTS if (p.namespace, p.secret) == (namespace, secret)]
