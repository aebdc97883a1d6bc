"""Kubernetes: whether a Secret has arrived, who uses it, and pods that have read it.

Facts about rollouts are from kubectl's `rollout_status.go`; the reason for the field manager is
in `adapters.shared.cluster`.
"""

from __future__ import annotations

from adapters.kubernetes.consumers import consumers_of, consumers_step
from adapters.kubernetes.restart import restart_step
from adapters.kubernetes.secret_matches import secret_matches_step
from adapters.shared.cluster import KubernetesSettings, open_cluster
from engine.errors import Refused
from engine.step import AnyStep

__all__ = ["KubernetesSettings", "check", "consumers_of", "steps"]


def steps(settings: KubernetesSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (secret_matches_step(settings), consumers_step(settings), restart_step(settings))


def check(settings: KubernetesSettings) -> str:
    """Say which cluster answers; raise `Refused` or `Transient` where none does."""
    with open_cluster(settings) as cluster:
        version = cluster.get("/version")
        cluster.allows("get", "", "pods", "default", "")  # /version itself needs no account
    if version is None:
        raise Refused(
            "what answers is no Kubernetes API server: it has no /version",
            hint="Check the server address in kubernetes.kubeconfig.",
        )
    number = version.get("gitVersion", "of unknown version")
    return f"kubernetes {number} answers and accepts our account"
