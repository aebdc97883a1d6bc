"""From the bytes of a file or an endpoint to what the certificate in them says."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from engine.certificates import Seen
from engine.der import Malformed
from engine.errors import Refused
from engine.qualified import EXTENSION, Statements, read_statements

PEM = b"-----BEGIN CERTIFICATE-----"
_STATEMENTS = x509.ObjectIdentifier(EXTENSION)


def parse(raw: bytes, where: str) -> Seen:
    """Return what the holder's certificate says: in a chain, the first that is no authority's.

    Raises `Refused` if there is no certificate. Statements that are malformed are told in the
    result, since the certificate ends all the same.
    """
    try:
        return _seen(_holder(_load(raw)))
    except (ValueError, TypeError, x509.InvalidVersion):
        pass  # raised below: a private key may stand in the same text
    raise Refused(
        f"{where} holds no certificate that can be read",
        hint="It must be PEM, or DER; look at it with `openssl x509 -text`.",
    )


def _load(raw: bytes) -> list[x509.Certificate]:
    if PEM in raw:
        return x509.load_pem_x509_certificates(raw)
    return [x509.load_der_x509_certificate(raw)]


def _holder(chain: list[x509.Certificate]) -> x509.Certificate:
    return next((each for each in chain if not _is_authority(each)), chain[0])


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def _seen(certificate: x509.Certificate) -> Seen:
    stated, malformed = _statements(certificate)
    return Seen(
        subject=_shown(certificate.subject),
        issuer=_shown(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        sha256=certificate.fingerprint(SHA256()).hex(),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        organisation=_attribute(certificate.subject, NameOID.ORGANIZATION_IDENTIFIER),
        stated=stated,
        malformed=malformed,
    )


def _statements(certificate: x509.Certificate) -> tuple[Statements, str]:
    try:
        found = certificate.extensions.get_extension_for_oid(_STATEMENTS)
        return read_statements(found.value.public_bytes()), ""
    except x509.ExtensionNotFound:
        return Statements(), ""
    except Malformed as error:
        return Statements(), str(error)
    except (x509.DuplicateExtension, ValueError):
        return Statements(), "its extensions cannot be read"


def _shown(name: x509.Name) -> str:
    """Return the common name, else the whole name."""
    return _attribute(name, NameOID.COMMON_NAME) or name.rfc4514_string()


def _attribute(name: x509.Name, identifier: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(identifier)
    return str(found[0].value) if found else ""
