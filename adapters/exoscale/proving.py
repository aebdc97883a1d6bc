"""`exoscale.probe_key`: whether Exoscale accepts a pair, or has stopped accepting it.

There is no request that every role may make: even the list of zones, which is public, is refused to a
signed request whose role does not allow it (exoscale/cli issue 716, egoscale pull request 767). So the
probe makes one that the consumer makes too. And 403 is both the answer to a living key that may not do
this (`Forbidden by role policy for ...`) and to a signature that does not hold (`Invalid request
signature`, tests of python-exoscale). What is answered to a key that is gone is written nowhere. So it
is found out each time: the same request is made by a pair that was made up on the spot, and a pair is
dead if it is answered letter by letter as the one that never was.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import Field, SecretStr

from adapters.exoscale.iam import WHAT
from adapters.exoscale.settings import ExoscaleSettings
from adapters.exoscale.signing import Pair, Signature
from adapters.shared import http
from adapters.shared.convergence import converge
from engine.errors import Refused, Transient
from engine.step import Call, Done, Effect, Frozen, NotYet, Repeatable, Step, Untouched

Reads = Literal["list-dns-domains", "list-instances", "list-sks-clusters", "list-api-keys"]
PATHS: Mapping[Reads, str] = {
    "list-dns-domains": "/v2/dns-domain",
    "list-instances": "/v2/instance",
    "list-sks-clusters": "/v2/sks-cluster",
    "list-api-keys": "/v2/api-key",
}
"""By operation, as roles name it; each only lists."""
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_POLICY = "policy"
"""Stands in the answer to a living key whose role, or whose organisation, does not allow this."""


class ProbePair(Frozen):
    """Parameters of `exoscale.probe_key`."""

    key: str = Field(min_length=1, description="The IAM key, which names the pair.")
    value: SecretStr = Field(description="The secret of the pair.")
    reads: Reads = Field(
        default="list-dns-domains", description="What is asked; the role of the key must allow it."
    )
    expect: Literal["accepted", "refused"] = Field(description="What Exoscale must say to it.")
    timeout: int = Field(
        default=120, ge=1, le=3600, description="Seconds until Exoscale must say so."
    )


class ProvedPair(Frozen):
    """Outputs of `exoscale.probe_key`."""

    verdict: str = Field(description="`accepted` or `refused`.")
    fingerprint: str = Field(description="Keyed fingerprint of the secret that was tried.")


@dataclass(frozen=True)
class _Answer:
    status: int
    said: str
    """The body with the key taken out, so that answers to two keys can be compared; never shown."""

    @property
    def is_no(self) -> bool:
        """Tell whether it may be the answer to who is not known."""
        return self.status in (_UNAUTHORIZED, _FORBIDDEN) and _POLICY not in self.said.lower()


def probe_key_step(settings: ExoscaleSettings) -> Step[ProbePair, ProvedPair]:
    """Return `exoscale.probe_key`."""
    return Step(
        name="exoscale.probe_key",
        summary="Prove that Exoscale accepts a pair, or answers it as one that never was.",
        params=ProbePair,
        outputs=ProvedPair,
        effect=Effect.VERIFY,
        probe=Repeatable("it only lists"),
        run=lambda params, call: converge(
            partial(_look, settings, params, call),
            seconds=params.timeout,
            report=call.report,
            hint="Look at the key and its role in the Exoscale portal, under IAM.",
        ),
        undo=Untouched("it only lists"),
        describe=_describe,
    )


def _describe(params: ProbePair) -> str:
    return (
        f"Asks Exoscale for {params.reads} with `{params.key}` and with a key that was made up, for up "
        f"to {params.timeout} s, until the pair is {params.expect}; this costs nothing."
    )


def _look(settings: ExoscaleSettings, params: ProbePair, call: Call) -> Done[ProvedPair] | NotYet:
    known_as = f"{params.key} with {call.fingerprint(params.value)}"
    try:
        nobody = _ask(settings, _made_up(), params.reads)
        answer = _ask(settings, Pair(params.key, params.value), params.reads)
    except Transient as error:
        return NotYet(f"{known_as} is neither accepted nor refused: {error.message}")
    if not nobody.is_no:
        raise Refused(
            f"{WHAT} gave {nobody.status} to a key that was made up, so its answers prove nothing",
            hint="Check exoscale.url: does the API itself answer there?",
        )
    verdict = "accepted" if answer.status == _OK else "refused" if answer == nobody else ""
    if verdict != params.expect:
        return NotYet(f"{WHAT} answered {answer.status} to {known_as}{_meaning(verdict, answer)}")
    outputs = ProvedPair(verdict=verdict, fingerprint=call.fingerprint(params.value))
    as_what = ", as to a key that never was" if verdict == "refused" else ""
    return Done(outputs, f"{WHAT} answered {answer.status} to {known_as}{as_what}: it is {verdict}")


def _meaning(verdict: str, answer: _Answer) -> str:
    if verdict:
        return f"; the pair is {verdict}"
    if answer.status == _FORBIDDEN and not answer.is_no:
        return "; the key is alive but its role does not allow this, which proves nothing"
    return "; that is neither what a good pair is answered nor one that never was"


def _ask(settings: ExoscaleSettings, pair: Pair, reads: Reads) -> _Answer:
    with http.client(settings.url, auth=Signature(pair)) as opened:
        response = http.send(opened, "GET", PATHS[reads], what=WHAT)
    return _Answer(response.status_code, response.text.replace(pair.key, ""))


def _made_up() -> Pair:
    """Return a pair in the vendor's form that belongs to nobody."""
    return Pair(f"EXO{secrets.token_hex(12)}", SecretStr(secrets.token_urlsafe(32)))
