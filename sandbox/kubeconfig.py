"""The kubeconfig with which the engine reaches the cluster of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.documents import dump_yaml

if TYPE_CHECKING:
    from pathlib import Path


def kubeconfig(server: str, token_file: Path) -> str:
    """Return the file's text: one cluster, one user whose token stands in a file."""
    name = "sandbox"
    return dump_yaml(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": server}}],
            "users": [{"name": name, "user": {"tokenFile": str(token_file)}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }
    )
