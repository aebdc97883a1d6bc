"""The application that consumes the secrets: it works with what its pods hold, not what it should.

`/chat` calls the provider with the key of a ready pod; `/health/<namespace>` is good only when
every ready pod of the namespace holds what the Secrets say now, server and client alike. Where the
world has a database, a pod that signs in there must also be let in. `/health/<namespace>/<variable>`
is good only when the provider accepts what every ready pod has there; `/dns` is good only when every pod of external-dns signs with
a pair that is accepted; `/webhooks/stripe` takes
events that are signed with the secret of a ready pod, and of its library's version.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from itertools import count
from typing import TYPE_CHECKING, Protocol

from starlette.responses import JSONResponse, Response

from sandbox.banking import Banking
from sandbox.callers import Callers
from sandbox.naming import Naming
from sandbox.placement import PLACEMENTS, WORKLOADS, Workload, namespaces
from sandbox.routes import Call, Routes
from sandbox.stripe import takes_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.cluster.control import Cluster
    from sandbox.database import Database

_NAMESPACE, _WORKLOAD, _VARIABLE = "ai-bos-agent", "ai-agents", "ANTHROPIC_API_KEY"
_SECONDS = 10


class Accepting(Protocol):
    """The keys of a provider, as far as its door looks at them."""

    def accepts(self, secret: str) -> bool:
        """Tell whether a caller with this secret is let in."""


class App:
    """The platform's front door, as seen from outside the cluster; `urls` are of what it calls."""

    def __init__(
        self,
        cluster: Cluster,
        urls: Mapping[str, str],
        rings: Mapping[str, Accepting],
        database: Database | None,
    ) -> None:
        self._cluster = cluster
        self._database = database
        self._provider_url = urls["anthropic"]
        self._rings = rings
        self._turns = count()
        routes = Routes()
        routes.add("POST", "/chat", self._chat)
        routes.add("POST", "/webhooks/stripe", self._receive)
        routes.add("GET", "/healthz", self._healthz)
        routes.add("GET", "/redis/ping", self._redis)
        routes.add("GET", "/health/{namespace}", self._health)
        routes.add("GET", "/health/{namespace}/{variable}", self._accepted)
        Banking(cluster, urls["banks"]).add_to(routes)
        Naming(cluster, urls["exoscale"]).add_to(routes)
        Callers(cluster, urls).add_to(routes)
        self.answer = routes

    def _chat(self, _: Call) -> Response:
        pods = self._cluster.pod_env(_NAMESPACE, _WORKLOAD)
        if not pods:
            return JSONResponse({"error": "no pod is ready"}, status_code=503)
        key = pods[next(self._turns) % len(pods)][_VARIABLE]
        try:
            reply = _ask(self._provider_url, key)
        except urllib.error.HTTPError as error:
            message = f"the provider refused with {error.code}"
            error.close()
            return JSONResponse({"error": message}, status_code=502)
        except OSError:
            return JSONResponse({"error": "the provider did not answer"}, status_code=502)
        return JSONResponse({"reply": reply})

    def _receive(self, call: Call) -> Response:
        pods = self._cluster.pod_env("pulse-website", "website")
        if not pods:
            return JSONResponse({"error": "no pod is ready"}, status_code=503)
        secret = pods[next(self._turns) % len(pods)]["STRIPE_WEBHOOK_SECRET"]
        if not takes_event(call, secret):
            return JSONResponse({"error": "no event that can be verified"}, status_code=400)
        return JSONResponse({"received": True})

    def _healthz(self, _: Call) -> Response:
        return JSONResponse({"status": "ok"})

    def _redis(self, call: Call) -> Response:
        return self._health(call, "redis")

    def _health(self, _: Call, namespace: str) -> Response:
        if namespace not in namespaces():
            return JSONResponse({"error": f"no namespace {namespace}"}, status_code=404)
        states = {w.name: self._agrees(w) for w in WORKLOADS if w.namespace == namespace}
        is_well = all(state == "ok" for state in states.values())
        return JSONResponse({"workloads": states}, status_code=200 if is_well else 503)

    def _accepted(self, _: Call, namespace: str, variable: str) -> Response:
        place = next((p for p in PLACEMENTS if (p.namespace, p.key) == (namespace, variable)), None)
        if place is None or place.path not in self._rings:
            return JSONResponse({"error": f"no provider of {variable}"}, status_code=404)
        readers = [
            w.name for w in WORKLOADS if (w.namespace, w.secret) == (namespace, place.secret)
        ]
        pods = [pod for name in readers for pod in self._cluster.pod_env(namespace, name)]
        ring = self._rings[place.path]
        is_well = bool(pods) and all(ring.accepts(pod.get(variable, "")) for pod in pods)
        words = "ok" if is_well else "the provider refuses what a pod holds"
        return JSONResponse({"status": words}, status_code=200 if is_well else 502)

    def _agrees(self, workload: Workload) -> str:
        secret = self._cluster.secret(workload.namespace, workload.secret)
        pods = self._cluster.pod_env(workload.namespace, workload.name)
        placed = [
            p
            for p in PLACEMENTS
            if (p.namespace, p.secret) == (workload.namespace, workload.secret)
        ]
        if not pods:
            return "no pod is ready"
        if not all(pod.get(p.key) == secret[p.key] for pod in pods for p in placed):
            return "a pod holds another value than the Secret"
        if not all(self._is_let_in(p.path, pod[p.key]) for pod in pods for p in placed):
            return "the database does not let a pod in"
        return "ok"

    def _is_let_in(self, path: str, value: str) -> bool:
        return self._database is None or self._database.lets_in(path, value)


def _ask(url: str, key: str) -> str:
    body = {
        "model": "claude-sonnet-4-5",
        "max_tokens": 16,
        "messages": [{"role": "user", "content": "hello"}],
    }
    request = urllib.request.Request(  # noqa: S310 - the double's own http address
        f"{url}/v1/messages",
        data=json.dumps(body).encode(),
        headers={
            "x-api-key": key,
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
        message = json.load(answer)
    return str(message["content"][0]["text"])
