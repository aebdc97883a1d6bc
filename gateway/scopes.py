"""The request as Prefect gets it: without proof of who asks, and without what would be forged."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.types import Message, Scope, Send

API = "/api"
IDENTITY = "runbook.identity"
"""Where in the scope it stands who asks."""
SECRETS = "include_secrets"
KEPT_BACK = frozenset({b"authorization", b"cookie", b"content-length", b"transfer-encoding"})
FORGED = (b"prefect-automation-", b"x-runbook-", b"x-authentik-", b"x-http-method")
"""Beginnings of headers that Prefect believes, or that are ours."""


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by name; one that is sent twice is joined, and so fits nothing."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers and key != "cookie" else text
    return headers


def inner_scope(
    scope: Scope,
    *,
    hides_secrets: bool = True,
    length: int | None = None,
    is_packed: bool = True,
) -> Scope:
    """Return the scope that Prefect gets, with a body of this length.

    Its answer is packed as the client can take it, unless it `is_packed` by nobody.
    """
    left_out = KEPT_BACK if is_packed else KEPT_BACK | {b"accept-encoding"}
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name.lower() not in left_out and not name.lower().startswith(FORGED)
    ]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    passed = {**scope, "headers": headers}
    if hides_secrets:
        passed["query_string"] = _without_secrets(scope.get("query_string", b""))
    return passed


def _without_secrets(query: bytes) -> bytes:
    text = query.decode("latin-1")
    if SECRETS not in text and "%" not in text:
        return query
    pairs = parse_qsl(text, keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != SECRETS]).encode("latin-1")


def with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    """Return a `send` that puts these headers onto every answer, in the place of its own."""
    added = [(name.encode(), value.encode()) for name, value in headers.items()]
    names = {name for name, _ in added}

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
            message = {**message, "headers": [*own, *added]}
        await send(message)

    return sending
