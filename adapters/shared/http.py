"""The one door to HTTP: every failure leaves as an error of the engine, and without its body.

A body may hold a secret (a vault's answer, a provider's echo), so no message here quotes one.
"""

from __future__ import annotations

import os
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx

from adapters.shared.quiet import quieten
from engine.errors import OutcomeUnknown, Refused, RunbookError, Transient, Unanswered

TIMEOUT = httpx.Timeout(connect=5.0, read=20.0, write=20.0, pool=5.0)
"""Seconds. A step that must wait longer polls; no single request is worth more."""

AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that name other authorities than those of certifi; httpx reads them."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
GATEWAY_TIMEOUT = 504


def client(base_url: str, **options: Any) -> httpx.Client:
    """Return a client that follows no redirect (a secret in a header must not travel on)."""
    quieten()
    options.setdefault("verify", _trusted(*map(os.environ.get, AUTHORITIES)))
    return httpx.Client(base_url=base_url, timeout=TIMEOUT, follow_redirects=False, **options)


@cache
def _trusted(*_: str | None) -> SSLContext:
    """Return what certificates are judged by: as httpx makes it each time anew, which takes 20 ms."""
    return httpx.create_ssl_context()


def send(
    http: httpx.Client,
    method: str,
    path: str,
    *,
    what: str,
    busy: float | None = None,
    **options: Any,
) -> httpx.Response:
    """Send one request and return the answer, whatever its status below 500 but 429.

    `what` names the other side in messages, e.g. "vaultwarden"; `busy` is how many seconds to wait
    after a 429 that does not say it.

    Raises `Transient` for 429, 5xx of a safe method, and a request that never left or was safe;
    `OutcomeUnknown` when an unsafe request may have had its effect, and `Unanswered` where it may have
    it yet; `Refused` for a bad address.
    """
    failure: RunbookError
    try:
        response = http.request(method, path, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        failure = Transient(
            f"{what} did not answer at {http.base_url}: {type(error).__name__}",
            hint=f"Check that {what} is up and that its address in the settings is right.",
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        failure = Refused(f"{what} has no usable address: {http.base_url}")
    except httpx.HTTPError as error:
        is_late = isinstance(error, httpx.TimeoutException)
        failure = _lost(what, method, path, type(error).__name__, is_late=is_late)
    else:
        return _judged(response, what, method, path, busy)
    raise failure


def _judged(
    response: httpx.Response, what: str, method: str, path: str, busy: float | None
) -> httpx.Response:
    status = response.status_code
    if status == TOO_MANY_REQUESTS:
        raise Transient(
            f"{what} asks for patience: {method} {path} gave 429",
            retry_after=_retry_after(response) or busy,
        )
    if status < SERVER_ERROR:
        return response
    raise _lost(what, method, path, str(status), is_late=status == GATEWAY_TIMEOUT)


def _lost(what: str, method: str, path: str, cause: str, *, is_late: bool) -> RunbookError:
    said = f"{what} gave no usable answer to {method} {path}: {cause}"
    if method in SAFE_METHODS:
        return Transient(said)
    kind = Unanswered if is_late else OutcomeUnknown
    return kind(said, hint="It may have happened all the same; look before repeating it.")


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
