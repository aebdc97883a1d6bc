"""`tpp.request`: a new key, and the request (CSR, PKCS#10) for a certificate like the one in force.

The key is made in the engine's process and leaves it sealed. The request is public: it is what the
qualified trust service provider (QTSP) is sent.
"""

from __future__ import annotations

from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import Field, SecretStr

from adapters.shared.pem import load
from adapters.shared.x509 import holder
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched

LEAST_RSA, USUAL_EXPONENT = 2048, 65537
CURVES: dict[str, type[ec.EllipticCurve]] = {
    "ec-p256": ec.SECP256R1,
    "ec-p384": ec.SECP384R1,
}
_BY_HAND = "Order this one by hand, or have the provider issue it without what is odd in it."
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Request(Frozen):
    """Parameters of `tpp.request`."""

    certificate: str = Field(description="The certificate in force, in PEM; its subject is kept.")
    key: Literal["same", "ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"] = Field(
        default="same", description="Kind of the new key; `same` as the one in force."
    )


class Requested(Frozen):
    """Outputs of `tpp.request`."""

    key: SecretStr = Field(description="The new private key, as PKCS#8 in PEM.")
    csr: str = Field(description="The request, in PEM; it is public.")
    fingerprint: str = Field(description="Keyed fingerprint of the new private key.")


def request_step() -> Step[Request, Requested]:
    """Return `tpp.request`."""
    return Step(
        name="tpp.request",
        summary="Make a new key and the request for a certificate with the same subject.",
        params=Request,
        outputs=Requested,
        effect=Effect.MINT,
        probe=Repeatable("nobody has seen the request until the key is sealed"),
        run=_run,
        undo=Untouched("a key that nobody uses does no harm and goes with the run"),
        describe=lambda params: f"Makes a new key ({params.key}) and the request for it.",
    )


def _run(params: Request, call: Call) -> Done[Requested]:
    where = "the certificate in force"
    old = holder(load(params.certificate.encode(), where), where)
    key = _new_key(params.key, old)
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(old))
    names = _other_names(old)
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    csr = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    private = SecretStr(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
    )
    known_as = call.fingerprint(private)
    told = f"a key was made, fingerprint {known_as}, and the request for {old.subject.rfc4514_string()}"
    return Done(Requested(key=private, csr=csr, fingerprint=known_as), told)


def _new_key(kind: str, old: x509.Certificate) -> Key:
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    if kind.startswith("rsa-"):
        return rsa.generate_private_key(USUAL_EXPONENT, int(kind.removeprefix("rsa-")))
    match old.public_key():
        case ec.EllipticCurvePublicKey() as known:
            return ec.generate_private_key(known.curve)
        case rsa.RSAPublicKey() as known:
            return rsa.generate_private_key(USUAL_EXPONENT, max(known.key_size, LEAST_RSA))
        case _:
            raise Refused(
                "the key in force is neither EC nor RSA, so no other like it can be made",
                hint="Name the kind of the new key in the runbook: `key: ec-p256`.",
            )


def _subject(old: x509.Certificate) -> x509.Name:
    try:
        return old.subject
    except (ValueError, TypeError):
        pass  # raised below: the error may quote it
    raise Refused("the subject of the certificate in force cannot be read", hint=_BY_HAND)


def _other_names(old: x509.Certificate) -> x509.SubjectAlternativeName | None:
    """Return its alternative names, which are asked for again; raise `Refused` for odd ones."""
    try:
        return old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError, TypeError):
        pass  # told below: nobody can say whether names would be lost
    raise Refused("the extensions of the certificate in force cannot be read", hint=_BY_HAND)
