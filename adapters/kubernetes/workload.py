"""How a workload is written in a runbook and where the API keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

KINDS = {
    "deploy": "deployment",
    "deployment": "deployment",
    "deployments": "deployment",
    "sts": "statefulset",
    "statefulset": "statefulset",
    "statefulsets": "statefulset",
    "ds": "daemonset",
    "daemonset": "daemonset",
    "daemonsets": "daemonset",
}
"""What people write, as kubectl takes it, and the kind it means."""

NAME_PATTERN = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
"""Names of Kubernetes objects; what matches may stand in a path as it is."""


@dataclass(frozen=True)
class Workload:
    """One Deployment, StatefulSet or DaemonSet."""

    namespace: str
    kind: str
    """`deployment`, `statefulset` or `daemonset`."""
    name: str

    @property
    def reference(self) -> str:
        """Return `deployment/ai-agents`."""
        return f"{self.kind}/{self.name}"

    @property
    def resource(self) -> str:
        """Return the plural that API paths and access rules use."""
        return f"{self.kind}s"

    @property
    def path(self) -> str:
        """Return where the API keeps it."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/{self.resource}/{self.name}"

    @property
    def pods_path(self) -> str:
        """Return where the API lists the pods of its namespace."""
        return f"/api/v1/namespaces/{self.namespace}/pods"


def canonical(reference: str) -> str:
    """Return `deploy/x` as `deployment/x`; raise `ValueError` for what cannot be restarted."""
    kind, slash, name = reference.partition("/")
    if not slash or not name or "/" in name:
        message = f"{reference!r} is not of the form kind/name, e.g. deployment/ai-agents"
        raise ValueError(message)
    if kind.lower() not in KINDS:
        message = f"{kind!r} cannot be restarted: use deployment, statefulset or daemonset"
        raise ValueError(message)
    return f"{KINDS[kind.lower()]}/{name}"


WorkloadName = Annotated[str, AfterValidator(canonical)]
"""`deployment/ai-agents`; `deploy/ai-agents` is read as the same."""


def workload_in(namespace: str, reference: str) -> Workload:
    """Return the workload that `reference`, already canonical, names in `namespace`."""
    kind, _, name = reference.partition("/")
    return Workload(namespace, kind, name)
