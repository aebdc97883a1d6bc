"""What an OpenID provider may say, and what is not believed: the provider's side is made here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from adapters.gateway import GatewaySettings
from gateway.identity import Unknown
from gateway.oidc import Attempt, Person, Provider

ISSUER, CLIENT, NOW = "https://id.example.org", "runbooks", 1_800_000_000
SETTINGS = GatewaySettings.model_validate(
    {"url": "https://runs.example.org", "oidc_issuer": ISSUER, "oidc_client_id": CLIENT}
)
ATTEMPT = Attempt("nonce-1", "v" * 43, again=False)
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "olga",
    "aud": CLIENT,
    "iat": NOW,
    "exp": NOW + 60,
    "nonce": "nonce-1",
    "auth_time": NOW - 30,
    "groups": ["staff"],
}


def token(claims: dict[str, Any], **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "k1", **header}, claims, KEY)


class Bent:
    """A provider whose every answer a test may choose."""

    def __init__(self, id_token: str, **found: Any) -> None:
        self.id_token = id_token
        self.found = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            **found,
        }
        self.keys = [KEY.as_dict(private=False)]
        self.forms: list[bytes] = []
        self.said: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json=self.found)
            case "/keys":
                return httpx.Response(200, json={"keys": self.keys})
            case "/token":
                self.forms.append(request.content)
                self.said.append(request.headers.get("authorization"))
                told = {"access_token": "opaque", "id_token": self.id_token}
                return httpx.Response(200, json=told)
            case _:
                return httpx.Response(404)


def signs_in(
    answers: Callable[[httpx.Request], httpx.Response],
    attempt: Attempt = ATTEMPT,
    query: dict[str, str] | None = None,
) -> Person:
    provider = Provider(SETTINGS, None, httpx.MockTransport(answers))
    return asyncio.run(provider.person(query or {"code": "c", "state": "s"}, attempt, NOW))


def test_a_sound_word_of_the_provider_names_a_person() -> None:
    bent = Bent(token(CLAIMS))

    assert signs_in(bent) == Person("olga", ("staff",), NOW - 30)
    assert b"code_verifier=" + b"v" * 43 in bent.forms[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example.org"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": NOW - 61},
        {"exp": None},
        {"nonce": "nonce-2"},
        {"nonce": None},
        {"sub": ""},
        {"sub": 7},
        {"groups": "staff"},
        {"iat": NOW + 61},
        {"iat": None},
        {"auth_time": "yesterday"},
        {"at_hash": "of-another-token"},
    ],
)
def test_a_word_for_somebody_or_something_else_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(Unknown):
        signs_in(Bent(token({**CLAIMS, **changes})))


@pytest.mark.parametrize(
    ("offered", "header", "is_in_form"),
    [
        (["client_secret_basic", "client_secret_post"], None, True),
        (["client_secret_basic"], "Basic cnVuYm9va3M6czNjcmV0", False),
        (None, "Basic cnVuYm9va3M6czNjcmV0", False),
    ],
)
def test_the_client_says_who_it_is_in_a_way_the_provider_takes(
    offered: list[str] | None, header: str | None, *, is_in_form: bool
) -> None:
    bent = Bent(token(CLAIMS), token_endpoint_auth_methods_supported=offered)
    provider = Provider(SETTINGS, SecretStr("s3cret"), httpx.MockTransport(bent))

    asyncio.run(provider.person({"code": "c"}, ATTEMPT, NOW))

    assert bent.said == [header]
    assert (b"client_secret=s3cret" in bent.forms[0]) == is_in_form


def _unsigned() -> str:
    return "eyJhbGciOiJub25lIn0." + token(CLAIMS).split(".")[1] + "."


def _shared() -> str:
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    return jwt.encode({"alg": "HS256", "kid": "k1"}, CLAIMS, public, algorithms=["HS256"])


def _others() -> str:
    other = RSAKey.generate_key(2048, {"kid": "k1"})
    return jwt.encode({"alg": "RS256", "kid": "k1"}, CLAIMS, other)


@pytest.mark.parametrize("make", [_unsigned, _shared, _others, lambda: "noise", lambda: ""])
def test_a_word_that_the_provider_did_not_sign_is_not_believed(make: Callable[[], str]) -> None:
    with pytest.raises(Unknown, match="not signed as it should be"):
        signs_in(Bent(make()))


def test_an_answer_of_another_provider_is_not_taken() -> None:
    with pytest.raises(Unknown, match="another identity provider"):
        signs_in(Bent(token(CLAIMS)), query={"code": "c", "iss": "https://other.example.org"})
    with pytest.raises(Unknown, match="another name"):
        signs_in(Bent(token(CLAIMS), issuer="https://other.example.org"))


def test_signing_in_again_takes_a_moment_that_is_fresh() -> None:
    again = Attempt("nonce-1", "v" * 43, again=True)
    where = asyncio.run(
        Provider(SETTINGS, None, httpx.MockTransport(Bent(""))).where("state-1", again)
    )

    assert "prompt=login" in where
    assert "max_age=0" in where
    assert "tenant=1&" in where
    assert signs_in(Bent(token(CLAIMS)), again).signed_in == NOW - 30
    for stale in ({"auth_time": NOW - 121}, {"auth_time": None}):
        with pytest.raises(Unknown, match="did not ask you to sign in again"):
            signs_in(Bent(token({**CLAIMS, **stale})), again)


def test_a_moment_that_is_not_told_or_not_come_counts_as_never() -> None:
    for odd in (None, NOW + 61):
        assert signs_in(Bent(token({**CLAIMS, "auth_time": odd}))).signed_in == 0


def test_a_new_key_of_the_provider_is_looked_up() -> None:
    async def twice() -> str:
        bent = Bent(token(CLAIMS))
        bent.keys = [RSAKey.generate_key(2048, {"kid": "k0"}).as_dict(private=False)]
        provider = Provider(SETTINGS, None, httpx.MockTransport(bent))
        with pytest.raises(Unknown):
            await provider.person({"code": "c"}, ATTEMPT, NOW)
        bent.keys.append(KEY.as_dict(private=False))
        return (await provider.person({"code": "c"}, ATTEMPT, NOW)).subject

    assert asyncio.run(twice()) == "olga"


@pytest.mark.parametrize("status", [200, 302, 400, 500])
def test_a_provider_that_is_down_or_talks_nonsense_lets_nobody_in(status: int) -> None:
    with pytest.raises(Unknown):
        signs_in(lambda _: httpx.Response(status, text="<h1>Sorry</h1>"))
    with pytest.raises(Unknown, match="not completed"):
        signs_in(Bent(""), query={"error": "access_denied"})
