"""The kinds that this API serves, and the request paths that name them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """One kind: its group, version, plural and whether it lives in namespaces."""

    group: str
    version: str
    plural: str
    kind: str
    is_namespaced: bool = True
    is_custom: bool = False

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """Plural and group, as error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACE = Resource("", "v1", "namespaces", "Namespace", is_namespaced=False)
SECRET = Resource("", "v1", "secrets", "Secret")
POD = Resource("", "v1", "pods", "Pod")
EVENT = Resource("", "v1", "events", "Event")
DEPLOYMENT = Resource("apps", "v1", "deployments", "Deployment")
STATEFUL_SET = Resource("apps", "v1", "statefulsets", "StatefulSet")
DAEMON_SET = Resource("apps", "v1", "daemonsets", "DaemonSet")
REPLICA_SET = Resource("apps", "v1", "replicasets", "ReplicaSet")
CRON_JOB = Resource("batch", "v1", "cronjobs", "CronJob")
JOB = Resource("batch", "v1", "jobs", "Job")
KUSTOMIZATION = Resource(
    "kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization", is_custom=True
)
GIT_REPOSITORY = Resource(
    "source.toolkit.fluxcd.io", "v1", "gitrepositories", "GitRepository", is_custom=True
)
SOPS_SECRET = Resource(
    "isindir.github.com", "v1alpha3", "sopssecrets", "SopsSecret", is_custom=True
)

RESOURCES = (
    NAMESPACE, SECRET, POD, EVENT, DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET,
    CRON_JOB, JOB, KUSTOMIZATION, GIT_REPOSITORY, SOPS_SECRET,
)  # fmt: skip

WORKLOAD_KINDS = {r.kind: r for r in (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)}


@dataclass(frozen=True)
class Target:
    """What a request path names."""

    group: str
    version: str
    plural: str
    namespace: str | None
    name: str | None
    subresource: str | None

    def resource(self) -> Resource | None:
        """Return the kind, if this API serves it."""
        wanted = (self.group, self.version, self.plural)
        return next((r for r in RESOURCES if (r.group, r.version, r.plural) == wanted), None)


def parse_target(path: str) -> Target | None:
    """Return what a path such as `/apis/apps/v1/namespaces/a/deployments/b` names, if anything."""
    match path.strip("/").split("/"):
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    namespace = None
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if not rest or len(rest) > 3:
        return None
    plural, name, subresource = (*rest, None, None)[:3]
    return Target(group, version, plural or "", namespace, name, subresource)
