"""Who makes something is told to Prefect, and only where something is made."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.server.api import dependencies
from prefect.server.api.server import create_app

from gateway.stamping import Stamped
from tests.gateway.prefect_routes import walk


class Prefect:
    """An application that notes whether dependencies look overridden while it is asked."""

    def __init__(self) -> None:
        self.api_app = SimpleNamespace(dependency_overrides={})
        self.seen: list[bool] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(bool(self.api_app.dependency_overrides))


@pytest.mark.parametrize(
    ("method", "path", "makes"),
    [
        ("POST", "/api/deployments/", True),
        ("POST", "/api/deployments/1f/create_flow_run", True),
        ("POST", "/api/deployments/1f/create_flow_run/bulk", True),
        ("POST", "/api/flow_runs/", True),
        ("GET", "/api/flow_runs/1f", False),
        ("POST", "/api/flow_runs/filter", False),
        ("POST", "/api/flow_runs/1f/set_state", False),
        ("PATCH", "/api/deployments/1f", False),
        ("POST", "/api/artifacts/", False),
    ],
)
def test_what_makes_a_run_or_a_deployment_is_stamped(method: str, path: str, makes: bool) -> None:
    prefect = Prefect()
    stamped = Stamped(prefect)

    asyncio.run(stamped({"type": "http", "method": method, "path": path}, None, None))  # type: ignore[arg-type]

    assert prefect.seen == [makes]
    assert not prefect.api_app.dependency_overrides, "nothing is made outside of a request"


def test_every_endpoint_of_prefect_that_asks_who_made_it_is_stamped() -> None:
    wanted = {dependencies.get_created_by, dependencies.get_updated_by}
    app: Any = create_app()
    asking = [
        (method, path)
        for path, route in walk(app.api_app.routes)
        for method in getattr(route, "methods", None) or ()
        if wanted
        & {each.call for each in getattr(getattr(route, "dependant", None), "dependencies", ())}
    ]
    seen = Prefect()
    stamped = Stamped(seen)
    for method, path in asking:
        scope = {"type": "http", "method": method, "path": f"/api{path}"}
        asyncio.run(stamped(scope, None, None))  # type: ignore[arg-type]

    assert len(asking) >= 4, "deployments, runs, runs of deployments, many of them at once"
    assert all(seen.seen), asking
