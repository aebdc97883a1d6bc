"""The admin page: sign-in by cookie, users, and ways to lock one out (1.37.2, api/admin.rs).

`deauth` ends sessions and forgets devices but leaves the API key good; only `disable` shuts the
door.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox.vaultwarden.errors import not_found, refusal
from sandbox.vaultwarden.limits import Limit

if TYPE_CHECKING:
    from sandbox.routes import Call, Routes
    from sandbox.vaultwarden.accounts import Account
    from sandbox.vaultwarden.vault import Vault

_COOKIE_SECONDS = 1200


def draw_cookie() -> str:
    """Return a new session of the admin page."""
    return secrets.token_urlsafe(24)


class Admin:
    """The routes under `/admin`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._cookies: dict[str, float] = {}
        rates = vault.rates
        self._limit = Limit(
            vault.clock,
            rates.admin_burst,
            rates.admin_seconds,
            "Too many admin requests, try again later.",
        )

    def mount(self, routes: Routes) -> None:
        """Add the routes."""
        for path in ("/admin", "/admin/"):
            routes.add("POST", path, self._sign_in)
            routes.add("GET", path, self._overview)
        routes.add("GET", "/admin/users", self._users)
        routes.add("GET", "/admin/users/by-mail/{mail}", self._by_mail)
        routes.add("GET", "/admin/users/{key}", self._user)
        for action in ("deauth", "disable", "enable"):
            routes.add("POST", f"/admin/users/{{key}}/{action}", getattr(self, f"_{action}"))

    def _sign_in(self, call: Call) -> Response:
        self._limit.check()
        given = call.form().get("token", "")
        if not hmac.compare_digest(given.encode(), self._vault.admin_token.encode()):
            page = "<!doctype html><p>Invalid admin token, please try again.</p>"
            return HTMLResponse(page, status_code=401)
        cookie = draw_cookie()
        self._cookies[cookie] = self._vault.clock.now().timestamp() + _COOKIE_SECONDS
        answer = RedirectResponse("/admin", status_code=303)
        answer.set_cookie(
            "VW_ADMIN",
            cookie,
            max_age=_COOKIE_SECONDS,
            path="/admin",
            httponly=True,
            samesite="strict",
        )
        return answer

    def _overview(self, call: Call) -> Response:
        self._check(call)
        return HTMLResponse("<!doctype html><title>Vaultwarden Admin Panel</title>")

    def _users(self, call: Call) -> Response:
        self._check(call)
        return JSONResponse([_describe(account) for account in self._vault.accounts.values()])

    def _by_mail(self, call: Call, mail: str) -> Response:
        self._check(call)
        account = self._vault.account_by_email(mail)
        return JSONResponse(_describe(account)) if account else _missing()

    def _user(self, call: Call, key: str) -> Response:
        self._check(call)
        account = self._vault.accounts.get(key)
        return JSONResponse(_describe(account)) if account else _missing()

    def _deauth(self, call: Call, key: str) -> Response:
        return self._change(call, key, enabled=None)

    def _disable(self, call: Call, key: str) -> Response:
        return self._change(call, key, enabled=False)

    def _enable(self, call: Call, key: str) -> Response:
        return self._change(call, key, enabled=True)

    def _change(self, call: Call, key: str, *, enabled: bool | None) -> Response:
        if "application/json" not in call.headers.get("content-type", ""):
            return not_found(call)  # the route is declared with that format
        self._check(call)
        account = self._vault.accounts.get(key)
        if account is None:
            return _missing()
        with self._vault.lock:
            if enabled is not True:
                account.log_out_everywhere()
            if enabled is not None:
                account.enabled = enabled
        return Response(status_code=200)

    def _check(self, call: Call) -> None:
        expires = self._cookies.get(call.cookie("VW_ADMIN") or "", 0.0)
        if self._vault.clock.now().timestamp() >= expires:
            raise refusal("Authorization failed.", 401)


def _describe(account: Account) -> dict[str, Any]:
    return {
        "id": account.user_id,
        "name": account.name,
        "email": account.email,
        "userEnabled": account.enabled,
        "securityStamp": account.security_stamp,
        "emailVerified": True,
        "twoFactorEnabled": False,
        "_status": 0 if account.enabled else 2,
        "object": "profile",
    }


def _missing() -> Response:
    return refusal("User doesn't exist", 404).answer
