"""The signature of a request to Exoscale: the secret of a pair is never sent, only what it signs.

As the vendor's API reference, "API Request Signature" (openapi-v2.exoscale.com), and `signRequest` of
its client (egoscale v3, `api.go`) have it: an HMAC-SHA256 over five segments joined by line feeds,
which are method and path, body, values of the query arguments in the order of their names, nothing for
headers, and when the signature ends. Names of query arguments that are given once are listed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Generator
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from adapters.shared.json_api import header_text

SCHEME = "EXO2-HMAC-SHA256"
LIFETIME = 600
"""Seconds a signature is good for, as in the vendor's client."""


@dataclass(frozen=True)
class Pair:
    """An IAM key, which names the credential and may be shown, and the secret that signs for it."""

    key: str
    secret: SecretStr


class Signature(httpx.Auth):
    """Signs each request of a client in the name of a pair."""

    requires_request_body = True

    def __init__(self, pair: Pair) -> None:
        """Take the pair; raise `Refused` for a key that cannot stand in a header."""
        header_text(SecretStr(pair.key), "an Exoscale key")
        self._pair = pair

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the signature into the request."""
        ends = int(time.time()) + LIFETIME
        request.headers["Authorization"] = authorization(self._pair, request, ends)
        yield request


def authorization(pair: Pair, request: httpx.Request, ends: int) -> str:
    """Return the header for a request; `ends` is in seconds since 1970, in UTC."""
    path = request.url.raw_path.partition(b"?")[0].decode()
    given = request.url.params
    names = sorted(name for name in given if len(given.get_list(name)) == 1)
    values = "".join(given[name] for name in names)
    segments = (f"{request.method} {path}", request.content.decode(), values, "", str(ends))
    key = pair.secret.get_secret_value().encode()
    digest = hmac.new(key, "\n".join(segments).encode(), hashlib.sha256).digest()
    parts = [
        f"{SCHEME} credential={pair.key}",
        *([f"signed-query-args={';'.join(names)}"] if names else []),
        f"expires={ends}",
        f"signature={base64.b64encode(digest).decode()}",
    ]
    return ",".join(parts)
