"""Signed answers and starts: what counts, and everything that does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from engine.errors import Refused
from engine.evidence import (
    ALGORITHM,
    APPROVAL,
    INITIATION,
    Asked,
    digest_of,
    prove_answer,
    prove_start,
    read_keys,
    start_key,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
ASKED = Asked("run-1", "revoke-step-8", "sha256:aa", "sha256:bb")
ANSWER = {"decision": "approve", "comment": "ja", "gate": "revoke-step-8"}


def key(name: str = "one") -> OKPKey:
    made = OKPKey.generate_key("Ed25519", {"kid": name, "use": "sig", "alg": "Ed25519"})
    assert isinstance(made, OKPKey)
    return made


KEY = key()
KEYS = read_keys(json.dumps({"keys": [KEY.as_dict(private=False)]}))
CLAIMS: dict[str, Any] = {
    "sub": "anna",
    "groups": ["plana-admins"],
    "way": "oidc",
    "iat": SECOND,
    "exp": SECOND + 60,
    "auth_time": SECOND - 100,
    "jti": "t-1",
    "run": ASKED.run,
    "gate": ASKED.gate,
    "plan": ASKED.plan,
    "shown": ASKED.shown,
    "decision": "approve",
    "answer": digest_of(ANSWER),
}


def sign(claims: dict[str, Any], kind: str = APPROVAL, by: OKPKey = KEY, **header: Any) -> str:
    head = {"alg": ALGORITHM, "kid": "one", "typ": kind, **header}
    return jwt.encode(head, claims, by, algorithms=[ALGORITHM])


def why(token: str, asked: Asked = ASKED, answer: dict[str, Any] | None = None) -> str:
    with pytest.raises(Refused) as refused:
        prove_answer(token, KEYS, asked, ANSWER if answer is None else answer, NOW)
    return refused.value.message


def test_a_signed_answer_says_who_gave_it_and_how_that_is_known() -> None:
    proven = prove_answer(sign(CLAIMS), KEYS, ASKED, {**ANSWER, "approval_token": "x"}, NOW)

    assert proven.actor.subject == "anna"
    assert proven.actor.verified == "oidc"
    assert proven.actor.groups == ("plana-admins",)
    assert proven.token_id == "t-1"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"run": "run-2"}, "another run"),
        ({"gate": "revoke-step-7"}, "another gate"),
        ({"plan": "sha256:cc"}, "another plan"),
        ({"shown": "sha256:cc"}, "another text"),
        ({"decision": "reject"}, "another decision"),
        ({"answer": digest_of({"decision": "approve"})}, "another answer"),
        ({"exp": SECOND - 61}, "too old"),
        ({"iat": SECOND + 61}, "from the future"),
        ({"exp": "never"}, "says no exp"),
        ({"exp": True}, "says no exp"),
        ({"way": "claimed"}, "how the person was verified"),
        ({"way": "engine"}, "how the person was verified"),
        ({"groups": "plana-admins"}, "how the person was verified"),
        ({"sub": " "}, "says no sub"),
        ({"jti": ""}, "says no jti"),
    ],
)
def test_a_token_counts_for_one_thing_alone(changes: dict[str, Any], told: str) -> None:
    assert told in why(sign({**CLAIMS, **changes}))


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_token_without_one_of_its_claims_does_not_count(name: str) -> None:
    claims = {kept: value for kept, value in CLAIMS.items() if kept != name}

    within = timedelta(hours=1) if name == "auth_time" else None

    assert why(sign(claims), replace(ASKED, signed_in_within=within))


def test_an_answer_edited_after_it_was_signed_does_not_count() -> None:
    assert "another answer" in why(sign(CLAIMS), answer={**ANSWER, "comment": "nein"})
    assert "another answer" in why(sign(CLAIMS), answer={**ANSWER, "more": 1})


def _none() -> str:
    signed = sign(CLAIMS).split(".")
    head = "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0"
    return f"{head}.{signed[1]}."


def _shared_secret() -> str:
    public = json.dumps(KEY.as_dict(private=False))
    head = {"alg": "HS256", "kid": "one", "typ": APPROVAL}
    return jwt.encode(head, CLAIMS, OctKey.import_key(public), algorithms=["HS256"])


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="noise"),
        pytest.param("ü.ü.ü", id="no ASCII"),
        pytest.param(_none(), id="no signature"),
        pytest.param(_shared_secret(), id="the public key as a shared secret"),
        pytest.param(sign(CLAIMS, by=key("one")), id="another key of the same name"),
        pytest.param(sign(CLAIMS, by=key("two"), kid="two"), id="a key nobody knows"),
        pytest.param(sign(CLAIMS)[:-4] + "AAAA", id="an edited signature"),
        pytest.param(sign(CLAIMS, INITIATION), id="the signature of a start"),
        pytest.param(sign(CLAIMS, "JWT"), id="of no purpose"),
        pytest.param(sign(CLAIMS, kid=""), id="of no key"),
    ],
)
def test_what_the_gateway_did_not_sign_does_not_count(token: str) -> None:
    assert why(token) == "the signature is not one that the gateway made for this purpose"


def test_a_gate_may_want_a_fresh_sign_in() -> None:
    strict = replace(ASKED, signed_in_within=timedelta(seconds=99))

    assert "signed in within 99 s" in why(sign(CLAIMS), strict)
    assert "signed in within 99 s" in why(sign({**CLAIMS, "auth_time": 0}), strict)
    fresh = sign({**CLAIMS, "auth_time": SECOND - 99})
    assert prove_answer(fresh, KEYS, strict, ANSWER, NOW).actor.subject == "anna"


def test_two_keys_are_good_while_the_key_is_changed() -> None:
    new = key("two")
    both = read_keys(json.dumps({"keys": [each.as_dict(private=False) for each in (new, KEY)]}))

    for token in (sign(CLAIMS), sign(CLAIMS, by=new, kid="two")):
        assert prove_answer(token, both, ASKED, ANSWER, NOW).actor.subject == "anna"


PARAMETERS = {"reason": "it is time", "count": 1.5}
START = {
    **{name: CLAIMS[name] for name in ("sub", "groups", "way", "iat", "jti")},
    "deployment": "d-1",
    "parameters": digest_of(PARAMETERS),
}


def test_a_signed_start_says_who_started_the_run() -> None:
    proven = prove_start(sign(START, INITIATION), KEYS, "d-1", PARAMETERS, start_key("t-1"))

    assert proven.actor.subject == "anna"


@pytest.mark.parametrize(
    ("deployment", "parameters", "run", "told"),
    [
        ("d-2", PARAMETERS, "t-1", "another deployment"),
        ("d-1", {**PARAMETERS, "reason": "another"}, "t-1", "not those that were signed"),
        ("d-1", PARAMETERS, "t-2", "another run"),
    ],
)
def test_a_start_counts_for_one_run_alone(
    deployment: str, parameters: dict[str, Any], run: str, told: str
) -> None:
    with pytest.raises(Refused, match=told):
        prove_start(sign(START, INITIATION), KEYS, deployment, parameters, start_key(run))


def test_an_approval_starts_no_run() -> None:
    with pytest.raises(Refused, match="not one that the gateway made"):
        prove_start(sign({**CLAIMS, **START}), KEYS, "d-1", PARAMETERS, start_key("t-1"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys": []}',
        '{"keys": [1]}',
        json.dumps({"keys": [OctKey.generate_key(256, {"kid": "x"}).as_dict(private=True)]}),
        json.dumps({"keys": [{**KEY.as_dict(private=False), "kid": ""}]}),
    ],
    ids=["nothing", "a list", "no keys", "none", "a number", "a shared secret", "no name"],
)
def test_only_public_keys_of_the_one_kind_are_read(text: str) -> None:
    with pytest.raises(Refused, match="not a set of Ed25519 keys"):
        read_keys(text)


def test_a_private_key_among_the_public_ones_is_refused() -> None:
    with pytest.raises(Refused, match="workers must not have it"):
        read_keys(json.dumps(KeySet([KEY]).as_dict(private=True)))
