"""Signing in at an OpenID provider: authorisation code with PKCE, state and nonce.

OpenID Connect Core 1.0, RFC 7636 (PKCE, S256 alone), RFC 9207 (the issuer in the answer). Authlib
makes the requests and judges the claims of the ID token, joserfc its signature; httpx carries them
(`docs/adr/0012-gateway.md`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from adapters.gateway import GatewaySettings
from gateway.identity import Unknown

ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
"""Signatures an ID token may have; the ones made with a shared secret are not among them."""
SKEW = 60
"""Seconds that the provider's clock may differ."""
TIMEOUT = 10.0
"""Seconds the provider has to answer."""
UNREACHABLE = "the identity provider does not answer: try again"


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way, kept on the server between the two visits of the browser."""

    nonce: str
    verifier: str
    again: bool


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for."""

    subject: str
    groups: tuple[str, ...]
    signed_in: int


class Provider:
    """An OpenID provider, found by its issuer when it is first needed."""

    def __init__(
        self,
        settings: GatewaySettings,
        secret: SecretStr | None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take what the settings say, and the client's secret where it has one."""
        self._settings = settings
        self._secret = secret
        self._transport = transport
        self._found: Mapping[str, Any] = {}
        self._keys: KeySet | None = None

    @property
    def redirect(self) -> str:
        """Where the provider sends the browser back to."""
        return f"{self._settings.url}/gateway/callback"

    async def where(self, state: str, attempt: Attempt) -> str:
        """Return where the browser is sent to sign in; raise `Unknown` if the provider is down."""
        found = await self._discover()
        anew = {"max_age": "0", "prompt": "login"} if attempt.again else {}
        where: str = prepare_grant_uri(
            found["authorization_endpoint"],
            self._settings.oidc_client_id,
            "code",
            self.redirect,
            self._settings.oidc_scopes,
            state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            **anew,
        )
        return where

    async def person(self, query: Mapping[str, str], attempt: Attempt, now: int) -> Person:
        """Return who signed in, from what the browser brought back; raise `Unknown`."""
        found = await self._discover()
        if query.get("error"):
            raise Unknown("the sign-in was not completed: try again")
        if query.get("iss", found["issuer"]) != found["issuer"]:
            raise Unknown("this answer is from another identity provider")
        told = await self._told(query.get("code", ""), attempt)
        token = await self._id_token(told["id_token"])
        self._judge(token, told.get("access_token"), attempt, now)
        return self._read(token.claims, now)

    async def _discover(self) -> Mapping[str, Any]:
        if not self._found:
            issuer = self._settings.oidc_issuer
            found = await self._json("GET", f"{issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != issuer:
                raise Unknown(
                    "the identity provider calls itself by another name than the settings"
                )
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(isinstance(found.get(name), str) for name in needed):
                raise Unknown("the identity provider does not say where its parts are")
            self._found = found
        return self._found

    async def _told(self, code: str, attempt: Attempt) -> Mapping[str, Any]:
        where = self._found["token_endpoint"]
        form = prepare_token_request(
            "authorization_code", "", self.redirect, code=code, code_verifier=attempt.verifier
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        _, headers, form = self._client().prepare("POST", where, headers, form)
        told = await self._json("POST", where, content=form, headers=headers)
        if not isinstance(told.get("id_token"), str):
            raise Unknown("the identity provider did not say who you are")
        return told

    def _client(self) -> ClientAuth:
        """Return how this client says who it is; Discovery 1.0, section 3, says what is assumed."""
        name = self._settings.oidc_client_id
        if self._secret is None:
            return ClientAuth(name, None, "none")
        offered = self._found.get("token_endpoint_auth_methods_supported")
        methods = offered if isinstance(offered, list) else []
        # in the form where it may be: providers differ in how they decode the header
        way = "client_secret_post" if "client_secret_post" in methods else "client_secret_basic"
        return ClientAuth(name, self._secret.get_secret_value(), way)

    async def _id_token(self, told: str) -> jwt.Token:
        for fresh in (False, True):
            keys = await self._key_set(fresh=fresh)
            try:
                return jwt.decode(told, keys, algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                continue  # the provider may have a new key
            except (JoseError, ValueError, TypeError, KeyError):
                break
        raise Unknown("the identity provider's word is not signed as it should be")

    async def _key_set(self, *, fresh: bool) -> KeySet:
        if self._keys is None or fresh:
            told = await self._json("GET", self._found["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set({"keys": [*told["keys"]]})
            except (JoseError, ValueError, TypeError, KeyError):
                self._keys = None
        if self._keys is None:
            raise Unknown("the identity provider shows no keys that can be read")
        return self._keys

    def _judge(self, token: jwt.Token, access: object, attempt: Attempt, now: int) -> None:
        client = self._settings.oidc_client_id
        word = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": self._found["issuer"]},
                "aud": {"essential": True, "value": client},
                "nonce": {"essential": True, "value": attempt.nonce},
            },
            {"client_id": client, "nonce": attempt.nonce, "access_token": access},
        )
        try:
            word.validate(now, SKEW)
            is_sound = True
        except (JoseError, ValueError, TypeError, AttributeError):
            is_sound = False
        if not is_sound:
            raise Unknown("the identity provider's word is not for this sign-in")
        signed_in = token.claims.get("auth_time")
        if attempt.again and not (isinstance(signed_in, int) and signed_in > now - 2 * SKEW):
            raise Unknown("the identity provider did not ask you to sign in again")

    def _read(self, claims: Mapping[str, Any], now: int) -> Person:
        subject = claims.get(self._settings.oidc_subject_claim)
        groups = claims.get(self._settings.oidc_groups_claim, [])
        if not isinstance(subject, str) or not subject.strip():
            raise Unknown("the identity provider did not name you")
        if not isinstance(groups, list):
            raise Unknown("the identity provider did not list your groups")
        signed_in = claims.get("auth_time")
        # without `auth_time` it is not known when somebody signed in, so it counts as never
        moment = signed_in if isinstance(signed_in, int) and signed_in <= now + SKEW else 0
        return Person(subject.strip(), tuple(map(str, groups)), moment)

    async def _json(self, method: str, url: str, **more: Any) -> Mapping[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, transport=self._transport) as client:
                answer = await client.request(method, url, **more)
            told = answer.json()
        except (httpx.HTTPError, ValueError):
            told, answer = None, None
        if answer is None or not answer.is_success or not isinstance(told, dict):
            raise Unknown(UNREACHABLE)
        return told


def new_attempt(*, again: bool) -> Attempt:
    """Draw what binds a sign-in together."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(64), again)
