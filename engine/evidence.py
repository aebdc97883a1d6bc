"""Signed words of the gateway: who answered a gate, who started a run, and who moved it.

The gateway signs, a run verifies with the public keys alone, and nothing here reads a file or asks
anybody. The tokens are JWTs with Ed25519 (RFC 7519, RFC 8037, RFC 9864). A token counts for one
purpose, one run, one gate, one plan, one text that was shown and one answer; `docs/gateway.md`
lists the claims.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from engine.errors import Refused
from engine.ledger import Actor

ALGORITHM = "Ed25519"
APPROVAL = "runbook-approval+jwt"
"""Type of a token that goes with an answer at a gate."""
INITIATION = "runbook-initiation+jwt"
"""Type of a token that goes with the start of a run."""
MOVE = "runbook-move+jwt"
"""Type of a token that goes with a cancel or a retry; it opens nothing, and only says who it was."""
TOKEN_FIELD = "approval_token"  # noqa: S105 - the name of a field
"""Where the answer carries its token; left out of the answer's own digest."""
SKEW = timedelta(seconds=60)
"""How far the clocks of gateway and worker may be apart."""
WAYS = frozenset({"oidc", "proxy", "token"})
"""How a gateway may have come to know a person."""


@dataclass(frozen=True)
class Asked:
    """What an answer must have been given to."""

    run: str
    gate: str
    plan: str
    shown: str
    """Digest of the text above the form."""
    signed_in_within: timedelta | None = None


@dataclass(frozen=True)
class Proven:
    """A person whose identity the gateway vouches for, and the token that says so."""

    actor: Actor
    token_id: str
    token: str


def digest_of(value: object) -> str:
    """Return SHA-256 of a JSON value, whatever the order of its names: `sha256:` and 64 digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_keys(text: str) -> KeySet:
    """Read a set of public keys (RFC 7517); raise `Refused` for anything else, private keys too."""
    keys = _key_set(text)
    if keys is None or not keys.keys:
        raise Refused(
            "the gateway's public keys are not a set of Ed25519 keys",
            hint="`runbook gateway keygen` writes one.",
        )
    if any(key.is_private for key in keys.keys):
        raise Refused(
            "the file of public keys holds a private one, and workers must not have it",
            hint="Give workers the file that `runbook gateway keygen` wrote as --public.",
        )
    return keys


def _key_set(text: str) -> KeySet | None:
    try:
        told = json.loads(text)
        fits = all(key.get("crv") == ALGORITHM and key.get("kid") for key in told["keys"])
        return KeySet.import_key_set(told) if fits else None
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        return None


def prove_answer(
    token: str, keys: KeySet, asked: Asked, answer: Mapping[str, Any], now: datetime
) -> Proven:
    """Return who gave this very answer to this very gate; raise `Refused` with what is wrong."""
    claims = read_word(token, keys, APPROVAL)
    bound = {
        "run": (asked.run, "another run"),
        "gate": (asked.gate, "another gate"),
        "plan": (asked.plan, "another plan"),
        "shown": (asked.shown, "another text than the gate shows"),
        "answer": (digest_of(unsigned(answer)), "another answer"),
        "decision": (answer.get("decision"), "another decision"),
    }
    for name, (wanted, otherwise) in bound.items():
        if claims.get(name) != wanted:
            raise Refused(f"the signature is for {otherwise}")
    _refuse_untimely(claims, now)
    _refuse_long_ago(claims, asked.signed_in_within)
    return Proven(_actor(claims, str(answer.get("via") or "ui")), _text(claims, "jti"), token)


def prove_start(
    token: str, keys: KeySet, deployment: str, parameters: Mapping[str, Any], key: str
) -> Proven:
    """Return who started the run that has these parameters; raise `Refused` with what is wrong.

    `key` is the run's idempotency key, which Prefect keeps unique and nobody can change.
    """
    claims = read_word(token, keys, INITIATION)
    identity = _text(claims, "jti")
    if key != start_key(identity):
        raise Refused("the signature under the start is for another run")
    if claims.get("deployment") != deployment:
        raise Refused("the signature under the start is for another deployment")
    if claims.get("parameters") != digest_of(dict(parameters)):
        raise Refused("the inputs of this run are not those that were signed")
    return Proven(_actor(claims, "prefect"), identity, token)


def prove_move(token: str, keys: KeySet, run: str, move: str, after: str) -> Proven:
    """Return who moved this run out of this very state; raise `Refused` with what is wrong.

    `move` is `cancel`, `retry` or `restart`, and `after` the id of the Prefect state that it ended.
    """
    claims = read_word(token, keys, MOVE)
    bound = {
        "run": (run, "another run"),
        "move": (move, "another move"),
        "after": (after, "another moment of this run"),
    }
    for name, (wanted, otherwise) in bound.items():
        if claims.get(name) != wanted:
            raise Refused(f"the signature is for {otherwise}")
    return Proven(_actor(claims, "prefect"), _text(claims, "jti"), token)


def start_key(token_id: str) -> str:
    """Return the idempotency key of the run that this token starts."""
    return f"gateway-{token_id}"


def unsigned(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer without its token: what the token's digest covers."""
    return {name: value for name, value in answer.items() if name != TOKEN_FIELD}


def read_word(token: str, keys: KeySet, kind: str) -> Mapping[str, Any]:
    """Return the claims of a sound token of this kind; raise `Refused` for anything else.

    No other algorithm is even tried.
    """
    try:
        read = jwt.decode(token, keys, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    else:
        if read.header.get("kid") and read.header.get("typ") == kind:
            return read.claims
    raise Refused("the signature is not one that the gateway made for this purpose")


def _refuse_untimely(claims: Mapping[str, Any], now: datetime) -> None:
    moment, skew = now.timestamp(), SKEW.total_seconds()
    if _number(claims, "iat") > moment + skew:
        raise Refused("the signature is from the future: compare the clocks")
    if _number(claims, "exp") < moment - skew:
        raise Refused("the signature is too old: no worker took the answer up in its time")


def _refuse_long_ago(claims: Mapping[str, Any], within: timedelta | None) -> None:
    if within is None:
        return
    signed_in, answered = _number(claims, "auth_time"), _number(claims, "iat")
    if not signed_in or answered - signed_in > within.total_seconds():
        raise Refused(
            f"this gate wants somebody who signed in within {int(within.total_seconds())} s "
            "before they answered"
        )


def gate_key(step: str, kind: str, number: int) -> str:
    """Return what one asking of one gate is called, in Prefect and in what is signed."""
    return f"{step}-{kind}-{number}"


def said_of(comment: str, *more: str) -> str:
    """Return the digest of what an answer says in words: its comment, and what goes with it.

    With a note that is the item and where it stands, else how far a yes reaches. The ledger keeps
    them, so that this part of an answer can be proven again from the ledger alone.
    """
    return digest_of([comment, *more])


def _actor(claims: Mapping[str, Any], via: str) -> Actor:
    way, groups = claims.get("way"), claims.get("groups")
    if way not in WAYS or not isinstance(groups, list):
        raise Refused("the signature does not say how the person was verified")
    return Actor(_text(claims, "sub"), verified=way, groups=tuple(map(str, groups)), via=via[:20])


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"the signature says no {name}")
    return value


def _number(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(f"the signature says no {name}")
    return value
