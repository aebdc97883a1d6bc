"""What the gateway itself asks of Prefect, past its own doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import httpx
from starlette.types import ASGIApp

from gateway.identity import Forbidden
from gateway.patience import BUSY, PAUSES


class Inside:
    """Prefect's API without a gateway before it."""

    def __init__(self, prefect: ASGIApp) -> None:
        """Take Prefect's application."""
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=prefect, raise_app_exceptions=False),
            base_url="http://inside/api",
        )

    async def run(self, run: str) -> Mapping[str, Any]:
        """Return a flow run; raise `Forbidden` if there is none."""
        return await self._object(f"/flow_runs/{run}", "run")

    async def deployment(self, deployment: str) -> Mapping[str, Any]:
        """Return a deployment; raise `Forbidden` if there is none."""
        return await self._object(f"/deployments/{deployment}", "deployment")

    async def input(self, run: str, key: str) -> Any:
        """Return what lies under one of a run's input keys; None where nothing does."""
        answer = await self._ask("GET", f"/flow_runs/{run}/input/{key}")
        return answer.json() if answer.status_code == httpx.codes.OK else None

    async def label(self, run: str, labels: Mapping[str, str]) -> None:
        """Put labels on a flow run, in the place of those of the same name; raise `Forbidden`."""
        answer = await self._ask("PATCH", f"/flow_runs/{run}/labels", json=dict(labels))
        if not answer.is_success:
            raise Forbidden("Prefect did not note who asked for this: press again in a moment")

    async def _object(self, path: str, what: str) -> Mapping[str, Any]:
        answer = await self._ask("GET", path)
        if answer.status_code != httpx.codes.OK:
            raise Forbidden(f"Prefect knows no such {what}")
        found: Mapping[str, Any] = answer.json()
        return found

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return Prefect's answer; one that is busy is asked again, as for everybody else."""
        for pause in PAUSES:
            answer = await self._client.request(method, path, **more)
            if answer.status_code != BUSY:
                return answer
            await anyio.sleep(pause)
        return await self._client.request(method, path, **more)
