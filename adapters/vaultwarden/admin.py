"""`vaultwarden.disable_user`: nobody gets in with the account, by password, SSO or API key.

From api/admin.rs and api/identity.rs of Vaultwarden 1.37.2: `POST /admin` with the token sets the
cookie `VW_ADMIN` for 20 minutes and is rationed (3, then one in 300 s), so a process signs in once.
`deauth` ends sessions and leaves the API key good; only `disable` is asked at every sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import Field, SecretStr

from adapters.shared.accounts import Account, Ended, Left, ending_step
from adapters.shared.files import read_secret
from adapters.shared.http import client, send
from adapters.vaultwarden.settings import VaultwardenSettings, safe_url
from adapters.vaultwarden.wire import WHAT, record_of, text
from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import Step

COOKIE = "VW_ADMIN"
LOGIN_SECONDS = 300.0
"""As `session.LOGIN_SECONDS`, for the admin page and after three (`admin_ratelimit_seconds`)."""
_OK, _SEE_OTHER, _UNAUTHORIZED, _MISSING = 200, 303, 401, 404

_cookies: dict[tuple[str, str], SecretStr] = {}
"""The cookie of this process for each address and token file; gone when the server refuses it."""


class User(Account):
    """Parameters of `vaultwarden.disable_user`."""

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="The account's e-mail address.")


def disable_user_step(settings: VaultwardenSettings) -> Step[User, Ended]:
    """Return `vaultwarden.disable_user`."""
    return ending_step(
        "vaultwarden.disable_user",
        "Shut somebody's account in Vaultwarden, its API key included.",
        User,
        lambda params: _look(settings, params),
        lambda params, report: _end(settings, params, report),
        _describe,
    )


def check_admin(settings: VaultwardenSettings) -> str:
    """Say that the admin page lets us in; raise `Refused` or `Transient` where it does not."""
    with _admin(settings) as ask:
        ask("GET", "/admin/users")
    return "vaultwarden's admin page lets us in"


Ask = Callable[[str, str], httpx.Response]


def _look(settings: VaultwardenSettings, params: User) -> Left:
    with _admin(settings) as ask:
        user = _user(ask, params)
    if user is None:
        return Left("", ())
    enabled = user.get("userEnabled") is not False
    return Left(params.email, ("an account that can sign in",) if enabled else ())


def _end(settings: VaultwardenSettings, params: User, report: Callable[[str], None]) -> None:
    with _admin(settings) as ask:
        user = _user(ask, params)
        if user is None:
            return
        ask("POST", f"/admin/users/{quote(text(dict(user), 'id'), safe='')}/disable")
    report(f"{params.email} is disabled")


def _user(ask: Ask, params: User) -> Mapping[str, Any] | None:
    response = ask("GET", f"/admin/users/by-mail/{quote(params.email, safe='@')}")
    found = record_of(response, "find a user") if response.status_code == _OK else None
    if (found is not None) == params.exists:
        return found
    there = "is a user" if found is not None else "is no user"
    raise Refused(
        f"there {there} {params.email} in vaultwarden, and the run was told otherwise",
        hint="Check how the address is spelled there; then start with what is so.",
    )


@contextmanager
def _admin(settings: VaultwardenSettings) -> Iterator[Ask]:
    """Give a way to ask the admin page; a cookie that has run out is got anew, once."""
    if settings.admin_token_file is None:
        raise Refused(
            "there is no token for vaultwarden's admin page",
            hint="Set vaultwarden.admin_token_file to a file that holds it.",
        )
    place = (safe_url(settings), str(settings.admin_token_file))
    with client(place[0]) as http:

        def ask(method: str, path: str) -> httpx.Response:
            known = _cookies.get(place)
            response = _sent(http, method, path, known or _sign_in(http, place, settings))
            if response.status_code == _UNAUTHORIZED and known is not None:
                response = _sent(http, method, path, _sign_in(http, place, settings))
            if response.status_code in (_OK, _MISSING):
                return response
            raise Refused(
                f"vaultwarden's admin page answered {method} with {response.status_code}",
                hint="Check vaultwarden.admin_token_file, and that the admin page is not shut.",
            )

        yield ask


def _sent(http: httpx.Client, method: str, path: str, cookie: SecretStr) -> httpx.Response:
    lost: Transient
    try:
        return send(
            http,
            method,
            path,
            what=WHAT,
            headers={
                "Content-Type": "application/json",  # the routes are declared with that format
                "Cookie": f"{COOKIE}={cookie.get_secret_value()}",
            },
        )
    except OutcomeUnknown as error:
        lost = Transient(error.message, hint="Disabling it again does no harm.")
    raise lost


def _sign_in(
    http: httpx.Client, place: tuple[str, str], settings: VaultwardenSettings
) -> SecretStr:
    assert settings.admin_token_file is not None
    token = read_secret(settings.admin_token_file, "the token of vaultwarden's admin page")
    lost: Transient
    try:
        response = send(
            http,
            "POST",
            "/admin",
            what=WHAT,
            busy=LOGIN_SECONDS,
            data={"token": token.get_secret_value()},
        )
    except OutcomeUnknown as error:
        lost = Transient(error.message)
    else:
        cookie = response.cookies.get(COOKIE)
        http.cookies.clear()  # it is sent by us, and by nobody for us
        if response.status_code in (_OK, _SEE_OTHER) and cookie:
            _cookies[place] = SecretStr(cookie)
            return _cookies[place]
        raise Refused(
            f"vaultwarden's admin page does not let us in: {response.status_code}",
            hint="Put the right token into the file of vaultwarden.admin_token_file.",
        )
    raise lost


def _describe(params: User) -> str:
    if not params.exists:
        return f"Makes sure that Vaultwarden has no user `{params.email}`."
    return (
        f"**Disables** `{params.email}` in Vaultwarden: password, SSO and API key are refused from "
        "then on. A copy of the vault on their device stays readable to them."
    )
