"""The gateway's own pages: sign in, come back, who am I, sign out; plain HTML without scripts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.body import LONGEST_FORM, TooLong, read_body
from gateway.doors import SESSION, Doors, cookie
from gateway.identity import Forbidden, Identity, Unknown, roles_of
from gateway.limits import TooMany
from gateway.oidc import Attempt, Person, Provider, new_attempt
from gateway.origin import refuse_foreign
from gateway.store import digest

ATTEMPT = "attempt"
ATTEMPT_SECONDS = 600
"""How long somebody may take to sign in."""
STYLE = "body{font:16px system-ui;margin:4rem auto;max-width:34rem;padding:0 1rem}"


@dataclass(frozen=True)
class Pages:
    """What the pages need."""

    doors: Doors
    provider: Provider | None

    def app(self, *more: Route) -> Starlette:
        """Return the application of all pages below /gateway."""
        routes = [
            Route("/gateway", self.home),
            Route("/gateway/login", self.login),
            Route("/gateway/callback", self.callback),
            Route("/gateway/logout", self.logout, methods=["POST"]),
            Route("/gateway/me", self.me),
            *more,
        ]
        return Starlette(
            routes=routes,
            exception_handlers={
                Unknown: _unknown,
                Forbidden: _forbidden,
                TooMany: _too_many,
                TooLong: _too_long,
            },
        )

    async def home(self, request: Request) -> Response:
        """Say who is signed in, with a button to sign out."""
        who = identify(self.doors, request)
        roles = ", ".join(sorted(who.roles)) or "none"
        return page(
            "You are signed in",
            f"<p>{escape(who.subject)}, in the groups {escape(', '.join(who.groups) or 'none')}; "
            f"roles: {escape(roles)}.</p><p><a href='/'>Runs</a> · "
            "<a href='/gateway/device'>Sign in a command line</a></p>"
            "<form method=post action='/gateway/logout'><button>Sign out</button></form>",
        )

    async def login(self, request: Request) -> Response:
        """Send the browser to the provider, and remember what for."""
        if self.provider is None:
            raise Unknown("people reach this server through a proxy, and you came past it")
        self.doors.limits.sign_ins.take(where_from(self.doors, request))
        again = request.query_params.get("again") == "1"
        attempt, browser = new_attempt(again=again), secrets.token_urlsafe(32)
        told = {**asdict(attempt), "browser": digest(browser), "to": _target(request)}
        state = self.doors.store.new(ATTEMPT, told, self.doors.store.now() + ATTEMPT_SECONDS)
        answer = RedirectResponse(await self.provider.where(state, attempt), 303)
        self._set(answer, self._attempt_cookie, browser, ATTEMPT_SECONDS)
        return answer

    async def callback(self, request: Request) -> Response:
        """Take back somebody who signed in, in the browser in which they began, once."""
        held = self.doors.store.take(ATTEMPT, request.query_params.get("state", ""))
        browser = cookie(dict(request.headers), self._attempt_cookie)
        if held is None or self.provider is None or digest(browser) != held.told["browser"]:
            self.doors.limits.wrong.take(where_from(self.doors, request))
            raise Unknown("this sign-in is not one that began here: start again")
        attempt = Attempt(held.told["nonce"], held.told["verifier"], held.told["again"])
        now = self.doors.store.now()
        person = await self.provider.person(request.query_params, attempt, now)
        if not roles_of(person.groups, self.doors.settings.roles):
            raise Forbidden(f"{person.subject} is in no group that has a role here")
        answer = RedirectResponse(held.told["to"], 303)
        before = cookie(dict(request.headers), self.doors.cookie)
        self.doors.store.forget(SESSION, digest(before))
        self._open_session(answer, person, now)
        answer.delete_cookie(self._attempt_cookie, path="/", secure=self._is_tls, httponly=True)
        return answer

    async def me(self, request: Request) -> Response:
        """Tell a program who it is."""
        return JSONResponse(described(identify(self.doors, request)))

    async def logout(self, request: Request) -> Response:
        """End the session here; the one at the provider goes on."""
        refuse_foreign("POST", dict(request.headers), self.doors.settings.url)
        self.doors.store.forget(SESSION, digest(cookie(dict(request.headers), self.doors.cookie)))
        answer = page("You are signed out", "<p><a href='/gateway/login'>Sign in</a></p>")
        answer.delete_cookie(self.doors.cookie, path="/", secure=self._is_tls, httponly=True)
        return answer

    @property
    def _is_tls(self) -> bool:
        return self.doors.settings.url.startswith("https://")

    @property
    def _attempt_cookie(self) -> str:
        return f"{self.doors.cookie}-attempt"

    def _open_session(self, answer: Response, person: Person, now: int) -> None:
        seconds = int(self.doors.settings.session_lifetime.total_seconds())
        secret = self.doors.store.new(SESSION, asdict(person), now + seconds)
        self._set(answer, self.doors.cookie, secret, seconds)

    def _set(self, answer: Response, name: str, value: str, seconds: int) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self._is_tls,
            httponly=True,
            samesite="lax",
        )


def identify(doors: Doors, request: Request) -> Identity:
    """Return who asks; raise `Unknown`."""
    peer = request.client.host if request.client else ""
    return doors.identify(dict(request.headers), peer)


def where_from(doors: Doors, request: Request) -> str:
    """Return under which key this request is counted."""
    peer = request.client.host if request.client else ""
    return doors.where_from(dict(request.headers), peer)


def described(who: Identity) -> Mapping[str, object]:
    """Return what one may know of oneself."""
    return {
        "subject": who.subject,
        "verified": who.way,
        "groups": [*who.groups],
        "roles": sorted(who.roles),
        "ends": who.ends,
    }


async def form_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; raise `TooLong`."""
    body = await read_body(request.receive, LONGEST_FORM)
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a page; `body` is HTML."""
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{STYLE}</style><h1>{escape(title)}</h1>{body}",
        status,
        {"cache-control": "no-store"},
    )


def _target(request: Request) -> str:
    """Return where the browser goes after the sign-in: somewhere on this host."""
    wanted = request.query_params.get("next", "/")
    is_here = wanted.startswith("/") and wanted.isprintable() and "\\" not in wanted
    return wanted if is_here and not wanted.startswith("//") else "/"


async def _unknown(request: Request, error: Exception) -> Response:
    if request.url.path == "/gateway/me":
        return JSONResponse({"detail": str(error)}, 401)
    again = f"/gateway/login?next={quote(request.url.path)}"
    back = "/gateway/login" if request.url.path.endswith(("/login", "/callback")) else again
    return page("Sign in", f"<p>{escape(str(error))}.</p><p><a href='{back}'>Sign in</a></p>", 401)


async def _forbidden(request: Request, error: Exception) -> Response:
    return page("This is not for you", f"<p>{escape(str(error))}.</p>", 403)


async def _too_long(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "invalid_request", "detail": "this form is too long"}, 413)


async def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMany)
    answer: Response = page("Slow down", f"<p>{escape(str(error))}.</p>", 429)
    if request.url.path.startswith("/gateway/device/") or request.url.path == "/gateway/me":
        answer = JSONResponse({"error": "slow_down", "detail": str(error)}, 429)
    answer.headers["retry-after"] = str(error.seconds)
    return answer
