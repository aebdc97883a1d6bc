"""What a double is made of: a call, its answer, and the table between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response


@dataclass(frozen=True)
class Call:
    """One HTTP request with its whole body; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """Return the request line only; headers and body may carry secrets."""
        return f"Call({self.method} {self.path})"

    def json(self) -> Any:
        """Return the JSON body; raise `ValueError` when it is none."""
        return json.loads(self.body or b"null")

    def form(self) -> dict[str, str]:
        """Return the fields of a URL-encoded body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def cookie(self, name: str) -> str | None:
        """Return one cookie of the request."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return next((value for key, _, value in pairs if key == name), None)

    def bearer(self) -> str | None:
        """Return the bearer token, if one is given."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token else None


Answer = Callable[[Call], Response]
"""What a double does with a call; it may block."""

RouteAnswer = Callable[..., Response]
"""Takes the call, then the named parts of the path by keyword."""


class Refused(Exception):
    """Ends a call early with the answer it carries."""

    def __init__(self, answer: Response) -> None:
        super().__init__(f"refused with {answer.status_code}")
        self.answer = answer


class Routes:
    """Paths such as `/api/ciphers/{key}` and who answers them."""

    def __init__(self, missing: Answer | None = None) -> None:
        self._routes: list[tuple[str, re.Pattern[str], RouteAnswer]] = []
        self._missing = missing or _not_found

    def add(self, method: str, path: str, answer: RouteAnswer) -> None:
        """Let `answer` take this method and path; the first match wins."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._routes.append((method, re.compile(pattern), answer))

    def __call__(self, call: Call) -> Response:
        """Return the answer of the matching route, or of the one for missing pages."""
        for method, pattern, answer in self._routes:
            found = pattern.fullmatch(call.path)
            if found and method == call.method:
                try:
                    return answer(call, **found.groupdict())
                except Refused as refusal:
                    return refusal.answer
        return self._missing(call)


def _not_found(call: Call) -> Response:
    return JSONResponse({"message": f"no {call.method} {call.path} here"}, status_code=404)
