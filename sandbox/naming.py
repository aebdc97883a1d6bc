"""A consumer of a pair: external-dns, which signs what it asks Exoscale for with what its pods hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from sandbox.exosign import header
from sandbox.kinds import STAFF, Item, Workload, placed
from sandbox.outgoing import status_of

if TYPE_CHECKING:
    from sandbox.cluster.control import Cluster
    from sandbox.routes import Call, Routes

KEY_PATH, SECRET_PATH = "exoscale.dns_api_key", "exoscale.dns_api_secret"
"""SOPS paths of the two halves."""
_NAME, _SECRET = "external-dns", "exoscale-credentials"
_KEY, _VALUE = "EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"
_PATH = "/v2/dns-domain"
_PORTAL = "https://portal.exoscale.com"

PLACEMENTS = placed(_NAME, _SECRET, **{_KEY: KEY_PATH, _VALUE: SECRET_PATH})
WORKLOADS = (
    Workload(
        _NAME,
        "Deployment",
        _NAME,
        1,
        "registry.k8s.io/external-dns/external-dns:v0.18.0",
        _SECRET,
    ),
)
ITEMS = (
    Item("Exoscale DNS key", KEY_PATH, STAFF, _NAME, _PORTAL),
    Item("Exoscale DNS secret", SECRET_PATH, STAFF, _NAME, _PORTAL),
)


class Naming:
    """Is well when every ready pod is told the domains of the organisation."""

    def __init__(self, cluster: Cluster, provider_url: str) -> None:
        self._cluster = cluster
        self._provider_url = provider_url

    def add_to(self, routes: Routes) -> None:
        """Put the route into a table."""
        routes.add("GET", "/dns", self._domains)

    def _domains(self, _: Call) -> Response:
        pods = self._cluster.pod_env(_NAME, _NAME)
        if not pods:
            return JSONResponse({"error": "no pod is ready"}, status_code=503)
        said = {
            status_of(
                "GET", self._provider_url + _PATH, header(pod[_KEY], pod[_VALUE], f"GET {_PATH}")
            )
            for pod in pods
        }
        if said == {200}:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"error": "the provider refuses what a pod holds"}, status_code=502)
