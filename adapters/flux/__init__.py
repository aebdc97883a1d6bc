"""Flux: a commit on its way from git into the cluster, followed to its end.

Flux's own `flux reconcile` ends well on anybody's request and on a health that may be stale; this
adapter waits for a commit instead. It speaks to Flux through the Kubernetes API alone.
"""

from __future__ import annotations

from pydantic import Field

from adapters.flux.reconcile import Floor, reconcile_step
from adapters.flux.revision import IsDescendant, is_same
from adapters.shared.cluster import KubernetesSettings, open_cluster
from engine.errors import Refused
from engine.step import AnyStep, Frozen

__all__ = ["FluxSettings", "check", "steps"]

_IN_CLUSTER = KubernetesSettings()


class FluxSettings(Frozen):
    """Where Flux keeps its Kustomizations."""

    namespace: str = Field(
        default="flux-system", description="Namespace of Kustomizations that name none."
    )


def steps(
    settings: FluxSettings,
    cluster: KubernetesSettings = _IN_CLUSTER,
    is_descendant: IsDescendant = is_same,
) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet.

    `is_descendant(later, earlier)` asks git whether one commit is another or came after it; it may
    raise `Transient`. Without it, only the very commit counts as applied.
    """
    return (reconcile_step(Floor(cluster, settings.namespace, is_descendant)),)


def check(settings: FluxSettings, cluster: KubernetesSettings = _IN_CLUSTER) -> str:
    """Say how many Kustomizations Flux has; raise `Refused` or `Transient` if it cannot tell."""
    path = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{settings.namespace}/kustomizations"
    with open_cluster(cluster) as opened:
        found = opened.get(path)
    if found is None:
        raise Refused(
            "the cluster knows no Kustomizations of kustomize.toolkit.fluxcd.io/v1",
            hint="Install Flux 2.0 or later, or correct kubernetes.kubeconfig.",
        )
    count = len(found.get("items") or ())
    return f"flux answers with API v1 and has {count} Kustomizations in {settings.namespace}"
