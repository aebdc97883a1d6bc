"""Exoscale's request signature, for whoever signs and for whoever checks: `EXO2-HMAC-SHA256`.

As the vendor's API reference, "API Request Signature", describes it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME = "EXO2-HMAC-SHA256"


@dataclass(frozen=True)
class Signed:
    """What an Authorization header says."""

    credential: str
    names: tuple[str, ...]
    expires: int
    signature: str


def read_header(text: str) -> Signed | None:
    """Return what the header says; None for one that is not of this scheme, or not whole."""
    scheme, _, rest = text.partition(" ")
    if scheme != SCHEME:
        return None
    parts = dict(part.partition("=")[::2] for part in rest.split(","))
    names = tuple(filter(None, parts.get("signed-query-args", "").split(";")))
    try:
        return Signed(parts["credential"], names, int(parts["expires"]), parts["signature"])
    except (KeyError, ValueError):
        return None


def sign(secret: str, line: str, body: bytes, values: str, expires: int) -> str:
    """Return the signature; `line` is method and path, `values` those of the signed arguments."""
    message = b"\n".join([line.encode(), body, values.encode(), b"", str(expires).encode()])
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def header(key: str, secret: str, line: str) -> Mapping[str, str]:
    """Return the headers of a request that has neither arguments nor a body."""
    expires = int(time.time()) + 600
    signature = sign(secret, line, b"", "", expires)
    return {"Authorization": f"{SCHEME} credential={key},expires={expires},signature={signature}"}
