"""Applying a namespace folder of the infra repository: its manifests, and what Flux takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cluster.flux import ApplyFailed
from sandbox.cluster.ownership import Path
from sandbox.cluster.patches import strategic
from sandbox.cluster.resources import RESOURCES, SOPS_SECRET, WORKLOAD_KINDS, Resource
from sandbox.documents import load_yaml
from sandbox.layout import SOPS_FILE

if TYPE_CHECKING:
    from sandbox.cluster.sops_operator import SopsOperator
    from sandbox.cluster.store import Store, Tree
    from sandbox.remote import Remote

FLUX_MANAGERS = frozenset({"kustomize-controller", "flux-client-side-apply"})
"""Managers whose fields a reconcile leaves alone."""

_TEMPLATE = ("f:spec", "f:template", "f:metadata", "f:annotations")


class Applier:
    """Brings the cluster to what a revision says."""

    def __init__(self, store: Store, remote: Remote, operator: SopsOperator) -> None:
        self._store = store
        self._remote = remote
        self._operator = operator

    def apply(self, kustomization: Tree, revision: str) -> None:
        """Apply one Kustomization; raise `ApplyFailed` when its files are not there or not sound.

        That the SOPS file decrypts is not Flux's to know: the operator finds out later.
        """
        commit = revision.rpartition(":")[2]
        manifests = self._build(kustomization["spec"], commit)
        if any(manifest["kind"] == SOPS_SECRET.kind for manifest in manifests):
            self._check_sops_file(commit)
        with self._store.lock:
            for manifest in manifests:
                self._apply_one(manifest)
        for manifest in manifests:
            if manifest["kind"] == SOPS_SECRET.kind:
                meta = manifest["metadata"]
                self._operator.notice(meta["namespace"], meta["name"], commit)

    def _build(self, spec: Tree, commit: str) -> list[Tree]:
        folder = spec["path"].removeprefix("./")
        names = self._load(f"{folder}/kustomization.yaml", commit).get("resources", [])
        manifests = [self._load(f"{folder}/{name}", commit) for name in names]
        for manifest in manifests:
            if not isinstance(manifest.get("metadata"), dict) or "kind" not in manifest:
                reason = "BuildFailed"
                raise ApplyFailed(reason, "kustomize build failed: a manifest has no kind or name")
            manifest["metadata"]["namespace"] = spec["targetNamespace"]
        return manifests

    def _load(self, path: str, commit: str) -> Tree:
        text = self._remote.file(path, commit)
        if text is None:
            reason = "BuildFailed"
            raise ApplyFailed(reason, f"kustomize build failed: {path} is not in {commit[:12]}")
        try:
            document = load_yaml(text)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            reason = "BuildFailed"
            raise ApplyFailed(reason, f"kustomize build failed: {path} is not a manifest")
        return document

    def _check_sops_file(self, commit: str) -> None:
        if "sops" not in self._load(SOPS_FILE, commit):
            reason = "BuildFailed"
            raise ApplyFailed(reason, f"kustomize build failed: {SOPS_FILE} is not encrypted")

    def _apply_one(self, manifest: Tree) -> None:
        resource = next((r for r in RESOURCES if r.kind == manifest["kind"]), None)
        if resource is None:
            return
        meta = manifest["metadata"]
        if not self._store.has(resource, meta["namespace"], meta["name"]):
            self._store.add(resource, manifest, "kustomize-controller", "Apply")
            return
        lost = self._foreign_annotations(resource, meta["namespace"], meta["name"])

        def change(found: Tree) -> None:
            merged: Tree = strategic(found, manifest)
            for name in lost:
                _drop_annotation(merged, name)
            found.clear()
            found.update(merged)

        self._store.change(
            resource,
            meta["namespace"],
            meta["name"],
            change,
            manager="kustomize-controller",
            operation="Apply",
        )

    def _foreign_annotations(self, resource: Resource, namespace: str, name: str) -> list[str]:
        """Return the template annotations that someone else than Flux put there."""
        if resource not in WORKLOAD_KINDS.values():
            return []
        owners = self._store.owners(resource, namespace, name)
        return [
            _annotation(path)
            for path, (manager, _) in owners.items()
            if path[: len(_TEMPLATE)] == _TEMPLATE and manager not in FLUX_MANAGERS
        ]


def _annotation(path: Path) -> str:
    return path[-1].removeprefix("f:")


def _drop_annotation(workload: dict[str, Any], name: str) -> None:
    meta = workload["spec"]["template"]["metadata"]
    meta.get("annotations", {}).pop(name, None)
    if not meta.get("annotations"):
        meta.pop("annotations", None)  # so that the template is the one in git again
