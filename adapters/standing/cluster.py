"""The cluster: what the Secret holds, and by which restart its pods came to be."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from pydantic import SecretStr, ValidationError

from adapters.kubernetes.restart import RestartTarget
from adapters.kubernetes.roll import see
from adapters.kubernetes.rollout import living
from adapters.kubernetes.workload import Workload
from adapters.shared.cluster import Cluster, Document, KubernetesSettings, open_cluster
from adapters.standing.sighting import Fingerprint, Sighting, moment, unseen
from engine.catalogue import KubernetesPlace
from engine.errors import Refused
from engine.standing import Place, Standing


def look(settings: KubernetesSettings, at: KubernetesPlace, name: Fingerprint) -> Sighting:
    """Return the standings of the Secret and of the pods of every workload that reads it."""
    try:
        with open_cluster(settings) as cluster:
            secret, values = _secret(cluster, at, name)
            pods = [_pods(cluster, each) for each in _workloads(at)]
            return Sighting((secret, *pods), values)
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        failed = error
    return Sighting(
        (
            unseen(Place.CLUSTER, _title(at), failed),
            *(unseen(Place.PODS, f"pods of {name}", failed) for name in _references(at)),
        )
    )


def _secret(
    cluster: Cluster, at: KubernetesPlace, name: Fingerprint
) -> tuple[Standing, dict[str, SecretStr]]:
    title = _title(at)
    try:
        found = cluster.get(f"/api/v1/namespaces/{at.namespace}/secrets/{at.secret}")
        value = None if found is None else _held(found, at.key)
    except Exception as error:  # noqa: BLE001 - as above
        return unseen(Place.CLUSTER, title, error), {}
    if found is None:
        return Standing(Place.CLUSTER, title, unknown=f"there is no {title}"), {}
    if value is None:
        return Standing(Place.CLUSTER, title, unknown=f"it has no text at {at.key}"), {}
    version = (found.get("metadata") or {}).get("resourceVersion", "")
    told = Standing(Place.CLUSTER, title, name(value), note=f"resourceVersion {version}")
    return told, {name(value): value}


def _held(secret: Document, key: str) -> SecretStr | None:
    try:
        return SecretStr(base64.b64decode((secret.get("data") or {})[key], validate=True).decode())
    except (KeyError, ValueError, TypeError):
        return None


def _pods(cluster: Cluster, workload: Workload) -> Standing:
    """Say which restart the pods are of, if the rollout is complete; values are not read."""
    title = f"pods of {workload.reference}"
    try:
        sight = see(cluster, workload)
        newest = next(iter(sight.marks), "")
        stage = sight.stage(newest or None)
    except Exception as error:  # noqa: BLE001 - as above
        return unseen(Place.PODS, title, error)
    if not stage.is_complete:
        return Standing(Place.PODS, title, unknown=f"not all are new and ready: {stage.finding}")
    return Standing(
        Place.PODS,
        title,
        since=_oldest(sight.pods),
        mark=newest,
        note=f"restarted by {newest}" if newest else "no mark of a restart of ours",
    )


def _oldest(pods: tuple[Document, ...]) -> str:
    made = [
        moment((pod.get("metadata") or {}).get("creationTimestamp", "")) for pod in living(pods)
    ]
    return min(made, default="")


def _title(at: KubernetesPlace) -> str:
    return f"Secret {at.namespace}/{at.secret}"


def _references(at: KubernetesPlace) -> tuple[str, ...]:
    return (at.workload,) if isinstance(at.workload, str) else at.workload


def _workloads(at: KubernetesPlace) -> Iterator[Workload]:
    try:
        target = RestartTarget(namespace=at.namespace, workload=at.workload)
    except ValidationError:
        pass
    else:
        yield from target.workloads()
        return
    raise Refused(f"the catalogue names no workload: {', '.join(_references(at))}")
