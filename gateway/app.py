"""The gateway: an ASGI application around Prefect's, deny by default.

Every request is judged before Prefect sees it, and what Prefect gets carries neither cookie nor
token. The scope that Prefect's router reads is the one the table was asked about, so there is no
second spelling of a path.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.gateway import Role
from gateway import origin
from gateway.asking import Asking, Guard
from gateway.body import TooLong, read_body
from gateway.doors import Doors
from gateway.guards import GUARDS
from gateway.identity import Forbidden, Identity, Unknown
from gateway.inside import Inside
from gateway.limits import TooMany
from gateway.patience import ask
from gateway.scopes import API, IDENTITY, headers_of, inner_scope, with_headers
from gateway.signing import Signer
from gateway.sockets import Sockets
from gateway.table import Rule, find
from gateway.veils import VEILS, Veil, Veiled

_log = logging.getLogger("runbook.gateway")

PUBLIC = ("/assets/", "/v2/assets/", "/ico/", "/fonts/")
"""Files of the UI, the same in every installation."""
ALIVE = frozenset({f"{API}/health", f"{API}/ready"})
"""What a probe of the platform may ask without saying who it is."""
OWN = "/gateway"


@dataclass(frozen=True)
class Gateway:
    """Prefect, and who may ask it what."""

    prefect: ASGIApp
    pages: ASGIApp
    doors: Doors
    signer: Signer
    inside: Inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request, and pass it on or answer it."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, with_headers(send, origin.HEADERS))
            case "websocket":
                await Sockets(self.prefect, self.doors)(scope, receive, send)
            case _:
                await self.prefect(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == OWN or path.startswith(f"{OWN}/"):
            await self.pages(scope, receive, send)
            return
        if scope["method"] in origin.SAFE and (path in ALIVE or path.startswith(PUBLIC)):
            await self.prefect(inner_scope(scope), receive, send)
            return
        try:
            who = self._who(scope)
            passed = await self._judge(scope, receive, who)
        except Unknown as error:
            await _sign_in(scope, str(error))(scope, receive, send)
        except Forbidden as error:
            _log.warning("refused: %s", json.dumps(_refused(scope, str(error))))
            await _told(403, str(error))(scope, receive, send)
        except TooMany as error:
            _log.warning("slowed down: %s", json.dumps(_refused(scope, str(error))))
            await _too_many(error)(scope, receive, send)
        except TooLong:
            await _told(413, "this body is too long")(scope, receive, send)
        else:
            if passed.body is None:
                await self.prefect(passed.scope, receive, send)
                return
            veiled = Veiled(send, passed.veil) if passed.veil else send
            await ask(self.prefect, passed.scope, passed.body, receive, veiled)

    def _who(self, scope: Scope) -> Identity:
        headers = headers_of(scope)
        who = self.doors.identify(headers, (scope.get("client") or ("",))[0])
        scope[IDENTITY] = who
        is_page = not scope["path"].startswith(f"{API}/") and scope["method"] in origin.SAFE
        if who.is_ambient and not is_page:
            origin.refuse_foreign(scope["method"], headers, self.doors.settings.url)
        if not who.roles:
            raise Forbidden(f"{who.subject} is in no group that has a role here")
        return who

    async def _judge(self, scope: Scope, receive: Receive, who: Identity) -> _Passed:
        """Return the request as Prefect gets it; raise `Forbidden` if it gets none."""
        path, method = scope["path"], scope["method"]
        is_worker = Role.WORKER in who.roles
        if not path.startswith(f"{API}/"):
            if who.is_machine or method not in origin.SAFE or path in _DOCUMENTS:
                raise Forbidden("this is a page for people")
            return _Passed(inner_scope(scope))
        found = find("GET" if method == "HEAD" else method, path.removeprefix(API))
        if found is None or not who.roles & found[0].section.roles:
            raise Forbidden(_why(found[0] if found else None, who))
        rule, place = found
        is_veiled = rule.section.veil and not who.roles & rule.section.unveiled
        veil = VEILS[rule.section.veil] if is_veiled else None
        if method in {"GET", "HEAD"}:
            inner = inner_scope(scope, hides_secrets=not is_worker, is_packed=veil is None)
            return _Passed(inner, b"", veil)
        body = await read_body(receive)
        if body:
            origin.refuse_other_content(headers_of(scope))
        if rule.section.is_counted:
            self.doors.limits.acts.take(who.subject)
        guard = GUARDS.get(rule.section.guard)
        if guard is not None:
            asking = Asking(
                who,
                place,
                _object(body),
                self.inside,
                self.signer,
                self.doors.settings,
                self.doors.store.now(),
            )
            body = await _guarded(guard, asking)
        inner = inner_scope(
            scope, hides_secrets=not is_worker, length=len(body), is_packed=veil is None
        )
        return _Passed(inner, body, veil)


@dataclass(frozen=True)
class _Passed:
    """A request as Prefect gets it."""

    scope: Scope
    body: bytes | None = None
    """None for a page; that of a request to the API is read already."""
    veil: Veil | None = None
    """What takes out of the answer what is not for whoever asked."""


_DOCUMENTS = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
"""Pages that load their scripts from elsewhere, or are for machines."""


async def _guarded(guard: Guard, asking: Asking) -> bytes:
    try:
        return json.dumps(await guard(asking)).encode()
    except RecursionError:
        pass
    raise Forbidden("the body is nested too deeply")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Forbidden("the body is no JSON object")
    return told


def _why(rule: Rule | None, who: Identity) -> str:
    roles = ", ".join(sorted(who.roles))
    if rule is None:
        return "nobody may call this here"
    needed = ", ".join(sorted(rule.section.roles)) or "nobody"
    return f"{rule.section.title.lower()}: that takes one of {needed}; {who.subject} is {roles}"


def _refused(scope: Scope, why: str) -> dict[str, str]:
    """Return what is told of a refusal: who, what and why; no body, no query, no header."""
    who: Identity | None = scope.get(IDENTITY)
    subject = who.subject if who else ""
    return {"who": subject, "method": scope["method"], "path": scope["path"][:200], "why": why}


def _told(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)


def _too_many(error: TooMany) -> Response:
    """Answer somebody who tries too often: RFC 6585, and RFC 9110 for the header."""
    return JSONResponse({"detail": str(error)}, 429, {"retry-after": str(error.seconds)})


def _sign_in(scope: Scope, detail: str) -> Response:
    """Send a person who opens a page to sign in, and tell everything else to."""
    headers = headers_of(scope)
    is_page = scope["method"] == "GET" and not scope["path"].startswith(f"{API}/")
    if is_page and "text/html" in headers.get("accept", ""):
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"{OWN}/login?next={quote(wanted, safe='/')}", 303)
    return JSONResponse({"detail": detail}, 401, {"www-authenticate": "Bearer"})
