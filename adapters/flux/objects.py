"""The two Flux objects a reconcile is about, and the refusals they can be met with."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.flux.conditions import is_suspended
from adapters.shared.cluster import Cluster, Document
from engine.errors import Refused

REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"

_GROUPS = {
    "kustomizations": "kustomize.toolkit.fluxcd.io",
    "gitrepositories": "source.toolkit.fluxcd.io",
}


@dataclass(frozen=True)
class FluxObject:
    """One object of Flux's own kinds, by name."""

    resource: str
    """`kustomizations` or `gitrepositories`."""
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """Return the API group of its kind."""
        return _GROUPS[self.resource]

    @property
    def path(self) -> str:
        """Return where the API keeps it."""
        return f"/apis/{self.group}/v1/namespaces/{self.namespace}/{self.resource}/{self.name}"

    @property
    def title(self) -> str:
        """Return how it is called in sentences."""
        kind = "Kustomization" if self.resource == "kustomizations" else "GitRepository"
        return f"{kind} {self.namespace}/{self.name}"


def fetch_active(cluster: Cluster, wanted: FluxObject) -> Document:
    """Return the object; raise `Refused` where it is missing or suspended."""
    found = cluster.get(wanted.path)
    if found is None:
        raise Refused(
            f"there is no {wanted.title}",
            hint=f"See `flux get {_command(wanted)} --all-namespaces` for those there are.",
        )
    if is_suspended(found):
        command = f"flux resume {_command(wanted)} {wanted.name} -n {wanted.namespace}"
        raise Refused(f"{wanted.title} is suspended", hint=f"Run `{command}` first.")
    return found


def source_of(kustomization: Document, itself: FluxObject) -> FluxObject:
    """Return the GitRepository a Kustomization is built from; raise `Refused` for other sources."""
    reference = (kustomization.get("spec") or {}).get("sourceRef") or {}
    if reference.get("kind") != "GitRepository":
        raise Refused(
            f"{itself.title} is built from a {reference.get('kind', 'source of no kind')}, "
            "and only a GitRepository can be followed to a commit",
            hint="Name a Kustomization whose sourceRef is a GitRepository.",
        )
    namespace = str(reference.get("namespace") or itself.namespace)
    return FluxObject("gitrepositories", namespace, str(reference.get("name", "")))


def request_reconcile(cluster: Cluster, wanted: FluxObject, token: str) -> None:
    """Ask Flux to look at the object now instead of at its next interval."""
    cluster.annotate(wanted.path, {"metadata": {"annotations": {REQUESTED_AT: token}}})


def require_patch(cluster: Cluster, wanted: FluxObject) -> None:
    """Raise `Refused` where our account may not ask for a reconcile of the object."""
    if cluster.allows("patch", wanted.group, wanted.resource, wanted.namespace, wanted.name):
        return
    raise Refused(
        f"our account may not patch {wanted.title}",
        hint=f"Grant patch on {wanted.resource}.{wanted.group} in namespace {wanted.namespace}.",
    )


def _command(wanted: FluxObject) -> str:
    return "kustomization" if wanted.resource == "kustomizations" else "source git"
