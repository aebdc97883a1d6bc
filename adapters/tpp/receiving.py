"""`tpp.receive`: the issued certificate, held against the key, its issuer, and the one in force.

It is judged at the gate, so that a wrong one is refused while the person is still there; nothing
has been changed by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from pydantic import Field, SecretStr

from adapters.shared.chain import chain_of, signed_by
from adapters.shared.pem import load
from adapters.shared.x509 import holder, is_authority, parse, pem_of, seen_in
from engine.certificates import Seen
from engine.errors import Refused
from engine.ledger import timestamp
from engine.qualified import Kind
from engine.renewal import refusals, remarks
from engine.step import Ask, Call, Done, Effect, Frozen, Repeatable, Step, Untouched

_IT = "the certificate brought"
_SPKI = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


class Receive(Frozen):
    """Parameters of `tpp.receive`."""

    kind: Kind = Field(description="What it must be: `qwac` or `qseal`.")
    certificate: str = Field(description="The certificate in force, in PEM.")
    csr: str = Field(description="The request that was made, in PEM; shown at the gate.")
    key: SecretStr = Field(description="The private key that the request was made with.")
    instructions: str = Field(
        default="", description="Where the certificate is ordered, in Markdown."
    )


class Pair(Frozen):
    """Outputs of `tpp.receive`."""

    value: SecretStr = Field(description="The new pair: key, certificate and chain in PEM.")
    fingerprint: str = Field(description="Keyed fingerprint of the pair.")
    pem: str = Field(description="The certificate and its chain, which are public.")
    sha256: str = Field(description="SHA-256 of the certificate, in hex.")
    serial: str = Field(description="Its serial number in hex.")
    ends: str = Field(description="When it ends, as the ledger spells time.")


def receive_step() -> Step[Receive, Pair]:
    """Return `tpp.receive`."""
    return Step(
        name="tpp.receive",
        summary="Take the certificate that was issued upon the request, if nothing else changed.",
        params=Receive,
        outputs=Pair,
        effect=Effect.MINT,
        probe=Repeatable("it only takes in the certificate given at its gate"),
        run=_run,
        undo=Untouched("a certificate that nobody uses is ended at its issuer, by a person"),
        ask=Ask.CERTIFICATE,
        check_answer=judge,
        describe=_describe,
    )


def judge(params: Receive, brought: SecretStr) -> None:
    """Raise `Refused` with every reason why this certificate does not do."""
    _judged(params, brought)


def _judged(params: Receive, brought: SecretStr) -> tuple[list[x509.Certificate], Seen, Seen]:
    """Return the chain from the holder's on, what it says, and what the one in force says."""
    chain = load(brought.get_secret_value().encode(), _IT)
    old = parse(params.certificate.encode(), "the certificate in force")
    leaf = next((each for each in chain if _is_for(params.key, each)), None)
    chain = chain_of(leaf or holder(chain, _IT), chain)
    new = seen_in(chain[0])
    wrong = [
        *([] if leaf else ["it is for another key than the request was made with"]),
        *_issuer_faults(chain),
        *refusals(params.kind, old, new, datetime.now(UTC)),
    ]
    if wrong:
        raise Refused(
            f"{_IT} may not take the place of the one in force: {'; '.join(wrong)}",
            hint="Show it to the provider, and bring what they issue instead.",
        )
    return chain, new, old


def _is_for(key: SecretStr, each: x509.Certificate) -> bool:
    made = serialization.load_pem_private_key(key.get_secret_value().encode(), None)
    try:
        return each.public_key().public_bytes(*_SPKI) == made.public_key().public_bytes(*_SPKI)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _issuer_faults(chain: list[x509.Certificate]) -> Iterator[str]:
    """Yield what is wrong with the first two of a chain that is in order."""
    leaf, *above = chain
    if is_authority(leaf):
        yield "it says that it is an authority (CA:TRUE)"
    if not above:
        yield "the chain lacks the certificate of its issuer"
    elif not signed_by(leaf, above[0]):
        yield "its issuer has not signed it"
    elif above[0].not_valid_after_utc <= datetime.now(UTC):
        yield f"its issuer's certificate has ended at {timestamp(above[0].not_valid_after_utc)[:10]}"


def _run(params: Receive, call: Call) -> Done[Pair]:
    if call.answer is None:
        raise Refused(
            "no certificate was brought at the gate of this step",
            hint="Paste it as PEM, with its chain; or `runbook approve --certificate FILE`.",
        )
    chain, new, old = _judged(params, call.answer)
    pem = "".join(map(pem_of, chain))
    value = SecretStr(f"{params.key.get_secret_value().strip()}\n{pem}")
    known_as = call.fingerprint(value)
    outputs = Pair(
        value=value,
        fingerprint=known_as,
        pem=pem,
        sha256=new.sha256,
        serial=new.serial,
        ends=timestamp(new.ends),
    )
    roles = ", ".join(new.stated.psd2.roles) if new.stated.psd2 else ""
    told = [
        f"it is for our key, signed by {new.issuer}, for {new.organisation} with {roles} as before",
        f"serial {new.serial}, valid until {outputs.ends[:10]}",
        f"the one in force ends at {timestamp(old.ends)[:10]}",
        *remarks(old, new),
    ]
    return Done(outputs, "; ".join(told))


def _describe(params: Receive) -> str:
    asked = (
        "Takes the certificate that was issued upon this request. It is public, and so is the "
        "request. Refused is one for another key, organisation, authority or set of roles."
    )
    fence = f"```\n{params.csr.strip()}\n```"
    return "\n\n".join(part for part in (params.instructions, asked, fence) if part)
