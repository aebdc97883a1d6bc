"""Services that call another system with a key of their own; each says whether it gets through.

Every ready pod calls with what it holds, over HTTP and as the real one would. `GET /calls/<name>` is
good only when every pod is let in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from sandbox.matrix import CLERK
from sandbox.odoo import DATABASE
from sandbox.outgoing import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.cluster.control import Cluster
    from sandbox.routes import Call, Routes


@dataclass(frozen=True)
class Caller:
    """One service: where it runs, which variable is its key, and what it asks of whom."""

    namespace: str
    workload: str
    variable: str
    double: str
    path: str
    scheme: str = "Bearer"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = b"{}"


CALLERS: Mapping[str, Caller] = {
    "odoo-sync": Caller(
        namespace="odoo-demo",
        workload="odoo-sync",
        variable="ODOO_API_KEY",
        double="odoo",
        path="/json/2/res.partner/search_count",
        scheme="bearer",
        headers={"X-Odoo-Database": DATABASE, "Content-Type": "application/json"},
        body=b'{"domain": [["is_company", "=", true]]}',
    ),
    "housekeeper": Caller(
        namespace="matrix",
        workload="housekeeper",
        variable="MATRIX_TOKEN",
        double="matrix",
        path=f"/_synapse/admin/v2/users/{quote(CLERK)}",
        method="GET",
        body=None,
    ),
}


class Callers:
    """The pods of these services, and the way out of the cluster."""

    def __init__(self, cluster: Cluster, urls: Mapping[str, str]) -> None:
        self._cluster = cluster
        self._urls = dict(urls)

    def add_to(self, routes: Routes) -> None:
        """Serve the one question that each is asked."""
        routes.add("GET", "/calls/{name}", self._call)

    def _call(self, _: Call, name: str) -> Response:
        caller = CALLERS.get(name)
        if caller is None:
            return JSONResponse({"error": f"no service {name}"}, status_code=404)
        pods = self._cluster.pod_env(caller.namespace, caller.workload)
        if not pods:
            return JSONResponse({"error": "no pod is ready"}, status_code=503)
        statuses = {self._ask(caller, pod[caller.variable]) for pod in pods}
        is_well = statuses == {200}
        words = "ok" if is_well else f"{caller.double} does not let every pod in"
        return JSONResponse({"status": words}, status_code=200 if is_well else 502)

    def _ask(self, caller: Caller, key: str) -> int:
        headers = {"Authorization": f"{caller.scheme} {key}", **caller.headers}
        url = f"{self._urls[caller.double]}{caller.path}"
        return status_of(caller.method, url, headers, caller.body)
