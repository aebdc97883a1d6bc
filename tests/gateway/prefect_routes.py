"""The routes of Prefect's API, as the installed version has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute


def walk(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each route with its whole path; FastAPI keeps the routers it includes as they are."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            context: Any = getattr(route, "include_context", None)
            yield from walk(included.routes, prefix + (context.prefix if context else ""))
        else:
            yield prefix + str(getattr(route, "path", "")), route
