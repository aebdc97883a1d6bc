"""How the cluster of a world is reached by whoever has its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.documents import dump_yaml
from sandbox.keys import write_readonly

if TYPE_CHECKING:
    from sandbox.layout import Layout

_NAME = "sandbox"


def write_kubeconfig(layout: Layout, url: str) -> None:
    """Write the client configuration; it names the file of the token and does not hold it."""
    token = {"tokenFile": str(layout.credential("kubernetes-token"))}
    context = {"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}
    told = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": _NAME,
        "clusters": [{"name": _NAME, "cluster": {"server": url}}],
        "users": [{"name": _NAME, "user": token}],
        "contexts": [context],
    }
    write_readonly(layout.kubeconfig, dump_yaml(told))
