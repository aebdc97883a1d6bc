"""Certificates as a qualified trust service provider makes them, made here.

The statements are put together byte by byte, by other means than they are read with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

# identifiers as bytes, worked out with pencil and paper
QC_COMPLIANCE = bytes.fromhex("060604008e460101")
QC_TYPE = bytes.fromhex("060604008e460106")
SEAL, WEB = bytes.fromhex("060704008e46010602"), bytes.fromhex("060704008e46010603")
PSD2 = bytes.fromhex("0606040081982702")
ROLE = {
    "PSP_AS": bytes.fromhex("060704008198270101"),
    "PSP_PI": bytes.fromhex("060704008198270102"),
    "PSP_AI": bytes.fromhex("060704008198270103"),
    "PSP_IC": bytes.fromhex("060704008198270104"),
}
ORGANISATION = "PSDBG-BNB-C433487"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def wrap(tag: int, *contents: bytes) -> bytes:
    """Return one DER element around the contents."""
    body = b"".join(contents)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(octets)]) + octets + body


def sequence(*contents: bytes) -> bytes:
    return wrap(0x30, *contents)


def text(words: str) -> bytes:
    return wrap(0x0C, words.encode())


def psd2(
    roles: Sequence[str] = ("PSP_AI", "PSP_PI"),
    authority: str = "Bulgarian National Bank",
    identity: str = "BG-BNB",
) -> bytes:
    """Return the PSD2 statement."""
    named = sequence(*(sequence(ROLE[role], text(role)) for role in roles))
    return sequence(PSD2, sequence(named, text(authority), text(identity)))


def statements(kind: bytes = WEB, *more: bytes) -> bytes:
    """Return the content of the extension; the PSD2 statement unless `more` says otherwise."""
    compliance, of_type = sequence(QC_COMPLIANCE), sequence(QC_TYPE, sequence(kind))
    return sequence(compliance, of_type, *(more or (psd2(),)))


@dataclass(frozen=True)
class Made:
    """One certificate with its key and its issuer's certificate."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def chain(self) -> bytes:
        return self.issuer.public_bytes(serialization.Encoding.PEM) + self.pem

    @property
    def private(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def make(
    ends: datetime,
    stated: bytes | None = None,
    *,
    begins: datetime | None = None,
    organisation: str = ORGANISATION,
    subject: x509.Name | None = None,
    key: Key | None = None,
    extra: Sequence[x509.ExtensionType] = (),
) -> Made:
    """Make a certificate that ends then; `stated` is the content of its qualified statements."""
    authority = ec.generate_private_key(ec.SECP256R1())
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer, subject = name("Test QTSP"), subject or name("PLANA Ltd", organisation)
    start = begins or datetime.now(UTC) - timedelta(days=400)
    above = (
        builder(issuer, issuer, authority.public_key(), start, max(start, ends))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    below = builder(subject, issuer, key.public_key(), start, ends)
    for each in extra:
        below = below.add_extension(each, critical=False)
    if stated is not None:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), stated)
        below = below.add_extension(extension, critical=False)
    return Made(below.sign(authority, hashes.SHA256()), above, key)


def builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(begins, ends - timedelta(days=1)))
        .not_valid_after(ends)
    )


def name(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organisation))
    return x509.Name(parts)
