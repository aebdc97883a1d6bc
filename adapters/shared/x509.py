"""From certificates to what the holder's one says of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.shared.pem import load
from engine.certificates import Seen
from engine.der import Malformed
from engine.errors import Refused
from engine.qualified import EXTENSION, Statements, read_statements

_SIGNING = {"digital_signature": "digitalSignature", "content_commitment": "nonRepudiation"}
_PURPOSES = {
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
}
_STATEMENTS = x509.ObjectIdentifier(EXTENSION)
_ARMOUR = (b"-----BEGIN", b"-----END")
_DER = (b"0\x82", b"MII")
"""How DER of more than 255 bytes begins, and how that looks in base64."""
_BLOCK = re.compile(rb"-----BEGIN(?! [A-Z0-9 ]{0,40}(?:KEY|PARAMETERS|REQUEST)-----)")
"""Where a block begins that a certificate may be in."""


def parse(raw: bytes, where: str) -> Seen:
    """Return what the holder's certificate says: in a chain, the one that is no authority's.

    Raises `Refused` if there is no certificate. Statements that are malformed are told in the
    result, since the certificate ends all the same.
    """
    chain = load(raw, where)
    try:
        return seen_in(holder(chain))
    except (ValueError, TypeError):
        pass  # raised below: a private key may stand in the same text
    raise Refused(
        f"{where} holds a certificate whose names or dates cannot be read",
        hint="Look at it with `openssl x509 -text`, and show it to whoever issued it.",
    )


def parse_slot(raw: bytes, where: str) -> Seen | None:
    """Return what `parse` does; None where nothing was ever put in, as in an empty text or a word.

    Raises `Refused` for anything else, even if one block of several cannot be read: what it holds
    may be the certificate that counts.
    """
    is_blank = not any(mark in raw for mark in _ARMOUR) and not raw.lstrip().startswith(_DER)
    try:
        found, read = parse(raw, where), len(load(raw, where))
    except Refused:
        if is_blank:
            return None
        raise
    blocks = len(_BLOCK.findall(raw))
    if blocks > read:
        raise Refused(
            f"{where} holds {blocks} blocks, and {read} of them can be read as a certificate",
            hint="Each must be a whole `BEGIN CERTIFICATE`; `openssl x509` writes it so.",
        )
    return found


def holder(chain: Sequence[x509.Certificate]) -> x509.Certificate:
    """Return the certificate at the end of a chain, in whatever order it stands.

    It is the first that is no authority's and issued none of the others, as far as there is one.
    """
    issuers = {bytes(each.issuer.public_bytes()) for each in chain if each.issuer != each.subject}
    last = [each for each in chain if each.subject.public_bytes() not in issuers]
    own = [each for each in chain if not is_authority(each)]
    return next((each for each in own if each in last), next(iter([*own, *last, *chain])))


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether it may issue others; a certificate that does not say so may not."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def seen_in(certificate: x509.Certificate) -> Seen:
    """Return what it says; raise `ValueError` for names or dates that cannot be read."""
    stated, malformed = _statements(certificate)
    named = _attributes(certificate.subject, NameOID.ORGANIZATION_IDENTIFIER)
    if len(named) > 1:
        malformed = malformed or f"its subject has {len(named)} organizationIdentifiers"
    return Seen(
        subject=_shown(certificate.subject),
        issuer=_shown(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        sha256=certificate.fingerprint(SHA256()).hex(),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        organisation=", ".join(named),
        stated=stated,
        malformed=malformed,
        legal=_legal(certificate.subject),
        key=_key(certificate),
        usages=_usages(certificate),
        policies=_policies(certificate),
    )


def _statements(certificate: x509.Certificate) -> tuple[Statements, str]:
    try:
        found = certificate.extensions.get_extension_for_oid(_STATEMENTS)
        return read_statements(found.value.public_bytes()), ""
    except x509.ExtensionNotFound:
        return Statements(), ""
    except Malformed as error:
        return Statements(), str(error)
    except (x509.DuplicateExtension, ValueError, TypeError):
        return Statements(), "its extensions cannot be read"


def _legal(name: x509.Name) -> str:
    parts = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    return ", ".join(value for part in parts for value in _attributes(name, part))


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "of an unknown kind"
    match key:
        case ec.EllipticCurvePublicKey():
            return f"EC {key.curve.name}"
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case _:
            return type(key).__name__.strip("_").removesuffix("PublicKey")


def _usages(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return what the two extensions about usage allow; nothing where they cannot be read."""
    found: list[str] = []
    try:
        extensions = certificate.extensions
    except (x509.DuplicateExtension, ValueError, TypeError):
        return ()
    for each in extensions:
        match each.value:
            case x509.KeyUsage() as usage:
                found += [name for field, name in _SIGNING.items() if getattr(usage, field)]
            case x509.ExtendedKeyUsage() as usage:
                found += [_PURPOSES.get(one, one.dotted_string) for one in usage]
    return tuple(found)


def _policies(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the policies (RFC 5280, 4.2.1.4); none where they cannot be read."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, TypeError):
        return ()
    return tuple(each.policy_identifier.dotted_string for each in found)


def _shown(name: x509.Name) -> str:
    """Return the common name, else the whole name."""
    common = _attributes(name, NameOID.COMMON_NAME)
    return common[0] if common else name.rfc4514_string()


def _attributes(name: x509.Name, identifier: x509.ObjectIdentifier) -> list[str]:
    """Return each value of one attribute; one of bytes, as X.500 allows, in hex."""
    values = (each.value for each in name.get_attributes_for_oid(identifier))
    return [each.hex() if isinstance(each, bytes) else each for each in values]


def pem_of(certificate: x509.Certificate) -> str:
    """Return it in PEM, with a line feed at the end."""
    return certificate.public_bytes(Encoding.PEM).decode()
