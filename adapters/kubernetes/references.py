"""Which pod specs use a Secret: every place in which a pod can name one.

No I/O is done here; documents come in as the API gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_OVER = ("Succeeded", "Failed")


def secrets_of(spec: Document) -> frozenset[str]:
    """Return the names of all Secrets that a pod spec uses."""
    return frozenset(name for name in _named(spec) if name)


def pod_spec(kind: str, document: Document) -> Document:
    """Return the pod spec inside a workload of this kind (`cronjob`, `pod`, `deployment`, ...)."""
    spec = _part(document, "spec")
    if kind == "pod":
        return spec
    if kind == "cronjob":
        spec = _part(_part(spec, "jobTemplate"), "spec")
    return _part(_part(spec, "template"), "spec")


def controller_of(document: Document) -> tuple[str, str] | None:
    """Return kind (lower case) and name of what controls this object, if anything does."""
    owners = _part(document, "metadata").get("ownerReferences") or ()
    ruling = (each for each in owners if each.get("controller"))
    return next(((str(each["kind"]).lower(), str(each["name"])) for each in ruling), None)


def is_over(kind: str, document: Document) -> bool:
    """Tell whether a Job or pod has ended and will not read a Secret again."""
    status = _part(document, "status")
    if kind == "pod":
        return status.get("phase") in _OVER
    ended = ("Complete", "Failed", "SuccessCriteriaMet", "FailureTarget")
    return kind == "job" and any(
        each.get("type") in ended and each.get("status") == "True"
        for each in status.get("conditions") or ()
    )


def _named(spec: Document) -> Iterator[str]:
    for container in (each for group in _CONTAINERS for each in spec.get(group) or ()):
        yield from _in_container(container)
    for volume in spec.get("volumes") or ():
        yield from _in_volume(volume)
    for pull in spec.get("imagePullSecrets") or ():
        yield pull.get("name", "")


def _in_container(container: Document) -> Iterator[str]:
    for variable in container.get("env") or ():
        yield _part(_part(variable, "valueFrom"), "secretKeyRef").get("name", "")
    for source in container.get("envFrom") or ():
        yield _part(source, "secretRef").get("name", "")


def _in_volume(volume: Document) -> Iterator[str]:
    yield _part(volume, "secret").get("secretName", "")
    for source in _part(volume, "projected").get("sources") or ():
        yield _part(source, "secret").get("name", "")
    yield from _in_drivers(each for each in volume.values() if isinstance(each, Mapping))


def _in_drivers(drivers: Iterable[Document]) -> Iterator[str]:
    for driver in drivers:
        for field in ("secretRef", "nodePublishSecretRef"):
            yield _part(driver, field).get("name", "")
        yield driver.get("secretName", "")


def _part(document: Document, name: str) -> Document:
    return document.get(name) or {}
