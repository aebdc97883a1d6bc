"""One request to anybody: its parameters, its address, and its one opening of secrets."""

from __future__ import annotations

import re
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, Field, SecretStr, field_validator

from adapters.shared import http
from engine.errors import Refused
from engine.step import Frozen

_CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"}
)
_HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_SENDABLE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_LONGEST = 20.0


def _host_alone(host: str) -> str:
    """Return the name or address as requests have it; raise `ValueError` for anything else."""
    try:
        url = httpx.URL(f"http://[{host}]/" if ":" in host else f"http://{host}/")
    except httpx.InvalidURL:
        url = httpx.URL("/")
    if not host or (url.host, url.port, url.userinfo, url.raw_path) != (host, None, b"", b"/"):
        raise ValueError("this is no host; write for example app.example.org")
    return host


class HttpSettings(Frozen):
    """Whom the steps may talk to."""

    allowed_hosts: tuple[Annotated[str, AfterValidator(_host_alone)], ...] = Field(
        default=(), description="Hosts that may be asked; without any, every host may."
    )


class Address(Frozen):
    """Whom a request goes to."""

    url: str = Field(description="Full address, http or https, without user and password.")

    @field_validator("url")
    @classmethod
    def _is_plain(cls, url: str) -> str:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            message = "the url cannot be parsed"
            raise ValueError(message) from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            message = "the url must be a full address that starts with http:// or https://"
            raise ValueError(message)
        if parsed.userinfo:
            message = (
                "the url holds a user or password; give a secret as `bearer` or `header_value`"
            )
            raise ValueError(message)
        return url


class Request(Address):
    """What every step of this adapter may send along."""

    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers that hold no secret."
    )
    bearer: SecretStr | None = Field(
        default=None, description="Secret sent as `Authorization: Bearer ...`."
    )
    header: str | None = Field(
        default=None, pattern=_HEADER_NAME, description="Name of the header for `header_value`."
    )
    header_value: SecretStr | None = Field(
        default=None, description="Secret sent in the header named by `header`."
    )
    body: dict[str, Any] | None = Field(
        default=None, alias="json", description="JSON object to send; it may hold no secret."
    )

    @field_validator("headers")
    @classmethod
    def _hold_no_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        secret = sorted(name for name in headers if name.lower() in _CREDENTIALS)
        if secret:
            message = f"{secret[0]} holds a secret: use `bearer`, or `header` with `header_value`"
            raise ValueError(message)
        return headers


def require_allowed(settings: HttpSettings, url: str) -> None:
    """Raise `Refused` where the settings do not let us talk to the host of `url`."""
    host = httpx.URL(url).host
    if settings.allowed_hosts and host not in settings.allowed_hosts:
        raise Refused(
            f"{host} is not among the hosts that may be asked",
            hint="Add it to http.allowed_hosts if the runbook is right.",
        )


def send(
    settings: HttpSettings, params: Request, method: str, *, seconds: float = _LONGEST
) -> httpx.Response:
    """Send the request once and return its answer; errors are those of `adapters.shared.http`."""
    require_allowed(settings, params.url)
    url = httpx.URL(params.url)
    origin, target = str(url.copy_with(raw_path=b"/")), url.raw_path.decode()
    options: dict[str, Any] = {"headers": _headers(params), "timeout": min(_LONGEST, seconds)}
    if params.body is not None:
        options["json"] = params.body
    with http.client(origin) as opened:
        return http.send(opened, method, target, what=url.host, **options)


def _headers(params: Request) -> dict[str, str]:
    headers = dict(params.headers)
    if params.bearer is not None:
        headers["Authorization"] = f"Bearer {_opened(params.bearer, 'bearer')}"
    if (params.header is None) != (params.header_value is None):
        raise Refused("header and header_value must be given together, and one is missing")
    if params.header is not None and params.header_value is not None:
        headers[params.header] = _opened(params.header_value, "header_value")
    return headers


def _opened(value: SecretStr, name: str) -> str:
    # Below us an unsendable header is logged with its value, so it must not get that far.
    text = value.get_secret_value()
    if not _SENDABLE.fullmatch(text):
        raise Refused(
            f"the value of {name} cannot stand in a header",
            hint="It may hold printable ASCII only, without white space around it.",
        )
    return text
