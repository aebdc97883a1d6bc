"""Prefect's API as anybody may call it, asked again while its database is busy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from tests.flows.voyages import until

PAGE = 200
"""Records that the API gives at once."""
EVENTS = 50
"""Events that it gives at once."""


class Api:
    """One connection to a Prefect server."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60)

    def get(self, path: str) -> Any:
        """Return what lies at `path`, below the API or a whole address."""
        return self._asked("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Send `body` and return the answer; None where it has no content."""
        return self._asked("POST", path, body)

    def all(self, name: str) -> list[dict[str, Any]]:
        """Return every record of a collection."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.post(f"/{name}/filter", {"limit": PAGE, "offset": len(found)})
            found += page
            if len(page) < PAGE:
                return found

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield every event that the server keeps."""
        page = self.post("/events/filter", {"limit": EVENTS})
        while True:
            yield from page["events"]
            if not page["next_page"]:
                return
            page = self.get(page["next_page"])

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def _asked(self, method: str, path: str, body: Any) -> Any:
        def ask() -> httpx.Response | None:
            answer = self._http.request(method, path, json=body)
            busy = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            return None if busy else answer.raise_for_status()

        answer = until(ask, f"Prefect to answer {method} {path}")
        return answer.json() if answer.content else None
