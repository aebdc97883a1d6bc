"""A small OpenID provider: people sign in with a password, programs get a code and a token.

Written from OpenID Connect Core 1.0 and RFC 7636, and as strict as they allow: one client, codes
once and for a minute, PKCE with S256 alone, and the callback of a gateway on loopback at any port
(RFC 8252, section 7.3).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox.routes import Call, Refused, Routes
from sandbox.rsa import rsa_key
from sandbox.staff import GROUPS, Staff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock

CLIENT = "runbook-gateway"
CALLBACK = re.compile(r"http://127\.0\.0\.1:\d+/gateway/callback")
COOKIE = "sandbox-identity"
KEY_ID = "sandbox-1"
CODE_SECONDS, TOKEN_SECONDS, SESSION_SECONDS = 60, 300, 3600


@dataclass(frozen=True)
class _Session:
    name: str
    signed_in: int


@dataclass(frozen=True)
class _Grant:
    session: _Session
    asked: Mapping[str, str]
    ends: int


class Identity:
    """The provider, with its people and its one client."""

    def __init__(self, clock: Clock, staff: Staff, client_secret: str) -> None:
        self._clock = clock
        self._staff = staff
        self._client_secret = client_secret
        self._key = rsa_key("identity")
        self._sessions: dict[str, _Session] = {}
        self._grants: dict[str, _Grant] = {}
        routes = Routes()
        routes.add("GET", "/.well-known/openid-configuration", _configuration)
        routes.add("GET", "/authorize", self._authorize)
        routes.add("POST", "/authorize", self._sign_in)
        routes.add("POST", "/token", self._token)
        routes.add("GET", "/keys", self._keys)
        self.answer = routes

    def _authorize(self, call: Call) -> Response:
        asked = _checked(call.query)
        session = self._session(call)
        if session is None or asked.get("prompt") == "login" or asked.get("max_age") == "0":
            return _form(asked)
        return self._grant(session, asked)

    def _sign_in(self, call: Call) -> Response:
        fields = call.form()
        name, password = fields.pop("user", ""), fields.pop("password", "")
        asked = _checked(fields)
        if not self._staff.is_right(name, password):
            return _form(asked, "Wrong name or password.", 401)
        session = _Session(name, self._now())
        secret = secrets.token_urlsafe(24)
        self._sessions[secret] = session
        answer = self._grant(session, asked)
        answer.set_cookie(COOKIE, secret, max_age=SESSION_SECONDS, httponly=True, samesite="lax")
        return answer

    def _session(self, call: Call) -> _Session | None:
        session = self._sessions.get(call.cookie(COOKIE) or "")
        is_over = session is None or session.signed_in + SESSION_SECONDS < self._now()
        return None if is_over else session

    def _grant(self, session: _Session, asked: Mapping[str, str]) -> Response:
        code = secrets.token_urlsafe(24)
        self._grants[code] = _Grant(session, asked, self._now() + CODE_SECONDS)
        query = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 303)

    def _token(self, call: Call) -> Response:
        fields = call.form()
        grant = self._grants.pop(fields.get("code", ""), None)
        if not hmac.compare_digest(_secret(call, fields).encode(), self._client_secret.encode()):
            return JSONResponse({"error": "invalid_client"}, 401)
        is_good = (
            grant is not None
            and fields.get("grant_type") == "authorization_code"
            and fields.get("redirect_uri") == grant.asked["redirect_uri"]
            and _challenge(fields.get("code_verifier", "")) == grant.asked["code_challenge"]
            and grant.ends > self._now()
        )
        if grant is None or not is_good:
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = self._id_token(call, grant)
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "id_token": token},
            headers={"cache-control": "no-store"},
        )

    def _id_token(self, call: Call, grant: _Grant) -> str:
        now = self._now()
        claims = {
            "iss": _issuer(call),
            "sub": grant.session.name,
            "aud": CLIENT,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": grant.session.signed_in,
            "groups": list(GROUPS[grant.session.name]),
        }
        if "nonce" in grant.asked:
            claims["nonce"] = grant.asked["nonce"]
        return self._signed(claims)

    def _signed(self, claims: Mapping[str, Any]) -> str:
        head = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
        text = ".".join(_encode(json.dumps(part).encode()) for part in (head, claims))
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_encode(signature)}"

    def _keys(self, _: Call) -> Response:
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "kid": KEY_ID, "use": "sig", "alg": "RS256"}
        return JSONResponse({"keys": [{**key, "n": _number(numbers.n), "e": _number(numbers.e)}]})

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _configuration(call: Call) -> Response:
    issuer = _issuer(call)
    return JSONResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


def _secret(call: Call, fields: Mapping[str, str]) -> str:
    """Return the client's secret, from its header or from the form (RFC 6749, section 2.3.1)."""
    way, _, told = call.headers.get("authorization", "").partition(" ")
    if way.lower() != "basic":
        return fields.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except ValueError:
        return ""
    return secret if name == CLIENT else ""


def _checked(asked: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a client asks; refuse one that is not known, or asks for less than PKCE."""
    is_known = asked.get("client_id") == CLIENT and CALLBACK.fullmatch(
        asked.get("redirect_uri", "")
    )
    if not is_known:
        raise Refused(HTMLResponse("<h1>Unknown client or callback</h1>", 400))
    is_fit = (
        asked.get("response_type") == "code"
        and asked.get("code_challenge_method") == "S256"
        and asked.get("code_challenge")
        and "openid" in asked.get("scope", "").split()
    )
    if not is_fit:
        raise Refused(HTMLResponse("<h1>Not an authorisation request with PKCE</h1>", 400))
    return asked


def _form(asked: Mapping[str, str], told: str = "", status: int = 200) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    return HTMLResponse(
        f'<!doctype html><title>Sign in</title><h1>Sign in</h1><p role="alert">{told}</p>'
        f'<form method="post" action="/authorize">{hidden}'
        '<label>Name <input name="user" autofocus></label> '
        '<label>Password <input name="password" type="password"></label> '
        "<button>Sign in</button></form>",
        status,
        {"cache-control": "no-store"},
    )


def _issuer(call: Call) -> str:
    return f"http://{call.headers['host']}"


def _challenge(verifier: str) -> str:
    return _encode(hashlib.sha256(verifier.encode()).digest())


def _number(value: int) -> str:
    return _encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
