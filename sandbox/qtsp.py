"""A qualified trust service provider: it issues PSD2 certificates upon requests, as ordered.

The qualified statements are written as ETSI EN 319 412-5 and TS 119 495 (5.1, annex A) define
them. What a careless provider gets wrong can be ordered too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Routes

Kind = Literal["qwac", "qseal"]
ORGANISATION = "PSDBG-BNB-C433487"
ROLES = ("PSP_PI", "PSP_AI")
_ALL_ROLES = ("PSP_AS", "PSP_PI", "PSP_AI", "PSP_IC")
_QC = bytes.fromhex("04008e4601")
_PSD2 = bytes.fromhex("0400819827")
_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_LIFE = timedelta(days=365)
_BEFORE = timedelta(days=2)
"""A new certificate has been valid for so long already, whatever other clocks say."""


@dataclass(frozen=True)
class Order:
    """What is ordered beside the request; each field can be got wrong."""

    kind: Kind = "qwac"
    organisation: str = ""
    """Empty for that of the request."""
    roles: tuple[str, ...] = ROLES
    other_key: bool = False
    """Whether it is issued for a key that nobody asked for."""
    begins: datetime | None = None
    life: timedelta = _LIFE


class Authority:
    """The provider's issuing key, and what it issues."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Sandbox Qualified CA", "VATBG-175133827")
        begins = datetime.now(UTC) - timedelta(days=3650)
        usage = x509.BasicConstraints(ca=True, path_length=0)
        built = _builder(self._name, self._name, self._key.public_key(), begins, _LIFE * 20)
        built = built.add_extension(usage, critical=True)
        self._certificate = built.sign(self._key, hashes.SHA256())

    def issue(self, csr: str, order: Order) -> str:
        """Return the certificate and its chain, in PEM; raise `ValueError` for no sound request."""
        request = x509.load_pem_x509_csr(csr.encode())
        if not request.is_signature_valid:
            raise ValueError("the request is not signed by its key")
        subject = request.subject
        if order.organisation:
            subject = _renamed(subject, order.organisation)
        key = request.public_key()
        if order.other_key:
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        begins = order.begins or datetime.now(UTC) - _BEFORE
        built = _builder(subject, self._name, key, begins, order.life)
        for extension in _extensions(order):
            built = built.add_extension(extension, critical=False)
        return _pem(built.sign(self._key, hashes.SHA256())) + _pem(self._certificate)


@cache
def authority() -> Authority:
    """Return the one provider of this process."""
    return Authority()


def pair(kind: Kind, ends_in: timedelta) -> str:
    """Return a key and the certificate for it, as one text in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("PLANA Pulse", ORGANISATION)
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    csr = _text(request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    order = Order(kind, begins=datetime.now(UTC) + ends_in - _LIFE)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _text(private) + authority().issue(csr, order)


class Portal:
    """The provider's page where a person sends a request and fetches what was issued."""

    def __init__(self) -> None:
        self._orders: dict[Kind, Order] = {"qwac": Order("qwac"), "qseal": Order("qseal")}
        self.issued: dict[Kind, list[str]] = {"qwac": [], "qseal": []}
        """Every certificate that was issued here, with its chain."""
        routes = Routes()
        routes.add("POST", "/orders/{kind}", self._order)
        self.answer = routes

    def bungle(self, kind: Kind, **wrong: object) -> None:
        """Let what is issued from now on be wrong, until it is called without anything wrong."""
        self._orders[kind] = replace(Order(kind), **wrong)  # type: ignore[arg-type] # fields of it

    def issue(self, kind: Kind, csr: str) -> str:
        """Return what is issued upon this request."""
        made = authority().issue(csr, self._orders[kind])
        self.issued[kind].append(made)
        return made

    def _order(self, call: Call, kind: str) -> Response:
        """Issue upon `csr`; with `roles` or `organisation` it is got wrong in that."""
        chosen: Kind = "qwac" if kind == "qwac" else "qseal"
        try:
            wrong = call.json()
            csr = wrong.pop("csr")
            self.bungle(chosen, **wrong)
            return JSONResponse({"certificate": self.issue(chosen, csr)}, status_code=201)
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"message": "that is no sound request"}, status_code=400)
        finally:
            self.bungle(chosen)


def _extensions(order: Order) -> tuple[x509.ExtensionType, ...]:
    is_web = order.kind == "qwac"
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=not is_web, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    stated = x509.UnrecognizedExtension(_STATEMENTS, _statements(order))
    return (usage, *([x509.ExtendedKeyUsage(purposes)] if is_web else []), stated)


def _statements(order: Order) -> bytes:
    kind = _QC + bytes.fromhex("0603" if order.kind == "qwac" else "0602")
    roles = [
        _tlv(0x30, _tlv(6, _PSD2 + bytes([1, _ALL_ROLES.index(r) + 1])), _tlv(12, r.encode()))
        for r in order.roles
    ]
    psd2 = _tlv(0x30, _tlv(0x30, *roles), _tlv(12, b"Bulgarian National Bank"), _tlv(12, b"BG-BNB"))
    return _tlv(
        0x30,
        _tlv(0x30, _tlv(6, _QC + b"\x01")),
        _tlv(0x30, _tlv(6, _QC + b"\x06"), _tlv(0x30, _tlv(6, kind))),
        _tlv(0x30, _tlv(6, _PSD2 + b"\x02"), psd2),
    )


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    if 128 <= len(body) < 256:
        size = b"\x81" + bytes([len(body)])
    return bytes([tag]) + size + body


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: object,
    begins: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)  # type: ignore[arg-type] # whatever key the request has
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + life)
    )


def _name(common: str, organisation: str) -> x509.Name:
    parts = {
        NameOID.COUNTRY_NAME: "BG",
        NameOID.ORGANIZATION_NAME: common,
        NameOID.ORGANIZATION_IDENTIFIER: organisation,
        NameOID.COMMON_NAME: common,
    }
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])


def _renamed(subject: x509.Name, organisation: str) -> x509.Name:
    wanted = NameOID.ORGANIZATION_IDENTIFIER
    kept = [each for each in subject if each.oid != wanted]
    return x509.Name([*kept, x509.NameAttribute(wanted, organisation)])


def _pem(certificate: x509.Certificate) -> str:
    return _text(certificate.public_bytes(serialization.Encoding.PEM))


def _text(raw: bytes) -> str:
    return raw.decode()
