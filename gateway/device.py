"""Signing in a command line (RFC 8628): it shows a code, and a person lets it in, in the browser.

The gateway itself is the authorisation server here, so it works with every provider and behind a
proxy, and a command line gets what the person who lets it in is: no more, and not for longer.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway import tokens
from gateway.doors import Doors
from gateway.identity import Forbidden, Identity, Unknown
from gateway.limits import INTERVAL, TooMany
from gateway.origin import refuse_foreign
from gateway.pages import form_of, identify, page, where_from
from gateway.store import digest

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""The letters RFC 8628 proposes: no vowels, so no words."""
SECONDS = 600
"""How long a code is good."""
AT_ONCE = 500
"""Codes that may be under way."""
CODE, DEVICE = "user code", "device"


@dataclass(frozen=True)
class Devices:
    """Where command lines are let in."""

    doors: Doors

    def routes(self) -> tuple[Route, ...]:
        """Return the pages."""
        return (
            Route("/gateway/device", self.ask, methods=["GET"]),
            Route("/gateway/device", self.let_in, methods=["POST"]),
            Route("/gateway/device/start", self.start, methods=["POST"]),
            Route("/gateway/device/token", self.token, methods=["POST"]),
            Route("/gateway/device/end", self.end, methods=["POST"]),
        )

    async def start(self, request: Request) -> Response:
        """Give a command line its two codes: one to ask with, one to show."""
        self.doors.limits.devices.take(where_from(self.doors, request))
        store = self.doors.store
        if len(store.all(DEVICE)) >= AT_ONCE:
            return JSONResponse({"error": "slow_down"}, 429, {"retry-after": str(SECONDS)})
        ends = store.now() + SECONDS
        device = store.new(DEVICE, {}, ends)
        code = "".join(secrets.choice(LETTERS) for _ in range(8))
        store.put(CODE, code, {"device": device}, ends)
        shown = f"{code[:4]}-{code[4:]}"
        where = f"{self.doors.settings.url}/gateway/device"
        return JSONResponse(
            {
                "device_code": device,
                "user_code": shown,
                "verification_uri": where,
                "verification_uri_complete": f"{where}?code={shown}",
                "expires_in": SECONDS,
                "interval": INTERVAL,
            }
        )

    async def ask(self, request: Request) -> Response:
        """Ask a person for the code that their command line shows."""
        who = self._person(request)
        code = escape(request.query_params.get("code", ""), quote=True)
        return page(
            "Sign in a command line",
            f"<p>A program with this code will act as <b>{escape(who.subject)}</b>. Go on only if "
            "you have just started it yourself and it shows the same code.</p>"
            f"<form method=post action='/gateway/device'><input name=code value='{code}' "
            "autocomplete=off> <button>Let it in</button></form>",
        )

    async def let_in(self, request: Request) -> Response:
        """Let in the command line that shows this code."""
        refuse_foreign("POST", dict(request.headers), self.doors.settings.url)
        who, store = self._person(request), self.doors.store
        self.doors.limits.codes.take(who.subject)
        typed = (await form_of(request)).get("code", "").upper()
        held = store.take(CODE, "".join(letter for letter in typed if letter in LETTERS))
        if held is None:
            raise Forbidden("no command line shows this code")
        told = {"subject": who.subject, "groups": [*who.groups], "signed_in": who.signed_in}
        store.put(DEVICE, held.told["device"], told, held.ends)
        return page("It is let in", "<p>Go back to your terminal.</p>")

    async def token(self, request: Request) -> Response:
        """Give a command line that was let in its token, once."""
        form, store = await form_of(request), self.doors.store
        if form.get("grant_type") != GRANT:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        device = form.get("device_code", "")
        held = store.find(DEVICE, device)
        if held is None:
            self.doors.limits.wrong.take(where_from(self.doors, request))
            return JSONResponse({"error": "expired_token"}, 400)
        try:
            self.doors.limits.polls.take(digest(device))
        except TooMany:
            return JSONResponse({"error": "slow_down"}, 400)  # RFC 8628, section 3.5
        if not held.told:
            return JSONResponse({"error": "authorization_pending"}, 400)
        taken = store.take(DEVICE, device)
        if taken is None:
            return JSONResponse({"error": "expired_token"}, 400)
        told, seconds = taken.told, int(self.doors.settings.token_lifetime.total_seconds())
        token = tokens.new_person(
            store, told["subject"], told["groups"], seconds, signed_in=told["signed_in"]
        )
        return JSONResponse(
            {
                "access_token": token.get_secret_value(),
                "token_type": "Bearer",
                "expires_in": seconds,
                "subject": told["subject"],
            },
            headers={"cache-control": "no-store"},
        )

    async def end(self, request: Request) -> Response:
        """End the token that a command line sends."""
        identify(self.doors, request)
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        tokens.end(self.doors.store, token)
        return JSONResponse({})

    def _person(self, request: Request) -> Identity:
        """Return who sits at the browser; a token does not beget tokens."""
        who = identify(self.doors, request)
        if not who.is_ambient:
            raise Unknown("let a command line in from a browser")
        return who
