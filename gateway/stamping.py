"""Prefect is told who made a run or a deployment: its UI shows the name as `Created By`.

FastAPI takes dependencies apart anew in every request as long as any is overridden (`if
dependency_overrides_provider.dependency_overrides` in `fastapi.dependencies.utils`), which took a
twelfth of the server's time. So they are overridden for the requests that make something alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import Request

from gateway.identity import Identity
from gateway.scopes import IDENTITY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SOMEBODY = "00000000-0000-0000-0000-000000000000"
"""Prefect asks for an id with the name that it shows as `Created By`; people have none there."""
_MAKING = re.compile(r".*/(deployments/|flow_runs/|create_flow_run|create_flow_run/bulk)")
_makes: ContextVar[bool] = ContextVar("makes", default=False)


class Overrides(dict[Callable[..., Any], Callable[..., Any]]):
    """Dependencies that are overridden while something is made, and look like none otherwise."""

    def __bool__(self) -> bool:
        """Tell whether the request at hand makes something."""
        return _makes.get() and len(self) > 0


class Stamped:
    """Prefect's application, which learns from the request who makes something."""

    def __init__(self, prefect: Any) -> None:
        self._prefect: ASGIApp = prefect
        prefect.api_app.dependency_overrides = _overrides()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        before = _makes.set(is_post and _MAKING.fullmatch(scope["path"]) is not None)
        try:
            await self._prefect(scope, receive, send)
        finally:
            _makes.reset(before)


def _overrides() -> Overrides:
    from prefect.server.api import dependencies  # noqa: PLC0415 - after the environment is set
    from prefect.server.schemas.core import CreatedBy, UpdatedBy  # noqa: PLC0415 - as above

    def created(request: Request) -> CreatedBy | None:
        shown = _shown(request)
        return CreatedBy(**shown) if shown else dependencies.get_created_by(*_automation(request))

    def updated(request: Request) -> UpdatedBy | None:
        shown = _shown(request)
        return UpdatedBy(**shown) if shown else dependencies.get_updated_by(*_automation(request))

    return Overrides({dependencies.get_created_by: created, dependencies.get_updated_by: updated})


def _shown(request: Request) -> dict[str, Any]:
    who: Identity | None = request.scope.get(IDENTITY)
    if who is None or who.is_machine:
        return {}
    return {"id": SOMEBODY, "type": "USER", "display_value": who.subject}


def _automation(request: Request) -> tuple[UUID | None, str | None]:
    """Return which of Prefect's own automations asks: from inside, as the gateway takes it out."""
    told = request.headers.get("prefect-automation-id")
    return UUID(told) if told else None, request.headers.get("prefect-automation-name")
