"""What another site may make a browser do here: nothing. And what a page of ours may load: ours."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.identity import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN = "this was asked for by another site"

CONTENT_POLICY = (
    "default-src 'self'; "
    # the UI of Prefect 3.8 evaluates text, or it loses its colours
    "script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    # it also calls a host of its makers unless it is kept from it
    "connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}
"""What every answer of the gateway carries."""


def refuse_foreign(method: str, headers: Mapping[str, str], own: str) -> None:
    """Raise `Forbidden` for a request that a page of another site had the browser make.

    A browser says where a request comes from in `Sec-Fetch-Site`, and in `Origin` for all that
    changes something. Where it says neither, a change is refused.
    """
    site = headers.get("sec-fetch-site", "")
    if site and site not in {"same-origin", "none"}:
        raise Forbidden(FOREIGN)
    origin = headers.get("origin")
    if origin is not None and origin != own:
        raise Forbidden(FOREIGN)
    if method in SAFE:
        return
    if origin is None and site != "same-origin":
        raise Forbidden("a browser says where a change comes from, and this one did not")


def refuse_foreign_socket(headers: Mapping[str, str], own: str) -> None:
    """Raise `Forbidden` for a websocket that a page of another site opens."""
    if headers.get("origin") != own:
        raise Forbidden(FOREIGN)


def refuse_other_content(headers: Mapping[str, str]) -> None:
    """Raise `Forbidden` for a body that is not JSON: a form needs no leave to be sent anywhere."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Forbidden("a body must be application/json")
