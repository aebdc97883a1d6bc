"""The gateway's key, and the words it signs: who answered this gate, who started
or moved this run.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from adapters.shared.files import read_secret
from engine import decision
from engine.errors import Refused
from engine.evidence import (
    ALGORITHM,
    APPROVAL,
    INITIATION,
    MOVE,
    Asked,
    digest_of,
    read_keys,
    said_of,
    start_key,
    unsigned,
)
from gateway.identity import Identity


@dataclass(frozen=True)
class Signer:
    """A private key in the hands of the gateway."""

    key: OKPKey

    def approval(
        self, who: Identity, asked: Asked, answer: Mapping[str, Any], now: int, seconds: int
    ) -> str:
        """Return the signed word that `who` gave this answer to this gate."""
        bound = {
            "run": asked.run,
            "gate": asked.gate,
            "plan": asked.plan,
            "shown": asked.shown,
            "decision": answer.get("decision"),
            "answer": digest_of(unsigned(answer)),
            "said": _said(answer),
            "auth_time": who.signed_in,
            "exp": now + seconds,
        }
        return self._sign(APPROVAL, {**_person(who, now), **bound})

    def initiation(
        self, who: Identity, deployment: str, parameters: Mapping[str, Any], now: int
    ) -> tuple[str, str]:
        """Return the signed word that `who` started this run, and the run's idempotency key."""
        claims = _person(who, now)
        bound = {"deployment": deployment, "parameters": digest_of(dict(parameters))}
        return self._sign(INITIATION, {**claims, **bound}), start_key(claims["jti"])

    def move(self, who: Identity, run: str, move: str, after: str, now: int) -> str:
        """Return the signed word that `who` moved the run out of the state with the id `after`."""
        bound = {"run": run, "move": move, "after": after}
        return self._sign(MOVE, {**_person(who, now), **bound})

    def _sign(self, kind: str, claims: Mapping[str, Any]) -> str:
        header = {"alg": ALGORITHM, "kid": self.key.kid, "typ": kind}
        return jwt.encode(header, dict(claims), self.key, algorithms=[ALGORITHM])


def _said(answer: Mapping[str, Any]) -> str:
    """Return the digest of what the ledger will keep of the answer's words.

    The form sends all its fields with each decision: a reach goes with a yes alone, an item with a
    note.
    """
    match answer.get("decision"):
        case decision.NOTE:
            more = [_text(answer, "item"), _text(answer, "state")]
        case "approve":
            more = [_text(answer, "approve_through")]
        case _:
            more = [""]
    return said_of(_text(answer, "comment"), *more)


def _text(answer: Mapping[str, Any], name: str) -> str:
    """Return a field as the run reads it: what is no text is none."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def _person(who: Identity, now: int) -> dict[str, Any]:
    return {
        "sub": who.subject,
        "groups": list(who.groups),
        "way": who.way,
        "iat": now,
        "jti": secrets.token_urlsafe(16),
    }


def new_key() -> OKPKey:
    """Draw a key whose id is its own thumbprint."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    assert isinstance(key, OKPKey)
    return key


def spell_private(key: OKPKey) -> str:
    """Return the text of a private key file."""
    return json.dumps(key.as_dict(private=True))


def spell_public(key: OKPKey, before: str = "") -> str:
    """Return the text of the file of public keys: `key` first, then those of the text `before`.

    Raises `Refused` if `before` is no such text.
    """
    older = read_keys(before).keys if before.strip() else []
    listed = [key.as_dict(private=False), *(each.as_dict(private=False) for each in older)]
    unique = {each["kid"]: each for each in reversed(listed)}
    return json.dumps({"keys": list(reversed(unique.values()))}, indent=2) + "\n"


def read_signer(path: Path) -> Signer:
    """Return the key in the file; raise `Refused` if it is none."""
    text = read_secret(path, "the gateway's signing key")
    key = _private(text.get_secret_value())
    if key is None:
        raise Refused(
            f"{path} holds no private Ed25519 key",
            hint="`runbook gateway keygen` makes one.",
        )
    return Signer(key)


def _private(text: str) -> OKPKey | None:
    try:
        key = OKPKey.import_key(json.loads(text))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    is_fit = key.is_private and key.get("crv") == ALGORITHM and key.kid
    return key if is_fit else None
