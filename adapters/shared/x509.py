"""From certificates to what the holder's one says of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.shared.pem import load, load_readable
from engine.certificates import Seen
from engine.der import Element, Malformed
from engine.errors import Refused
from engine.issued import Issued, attributes, read_issued
from engine.qualified import EXTENSION, Statements, read_statements

ORGANISATION, COMMON = "2.5.4.97", "2.5.4.3"
_LEGAL = ("2.5.4.6", "2.5.4.10", COMMON)
"""Country, legal name and common name."""
_SHORT = {"2.5.4.6": "C", "2.5.4.10": "O", "2.5.4.11": "OU", ORGANISATION: "organizationIdentifier"}
_PURPOSES = {"1.3.6.1.5.5.7.3.2": "clientAuth", "1.3.6.1.5.5.7.3.1": "serverAuth"}
_UNREADABLE = Issued(Element(0, b""), Element(0, b""))
_ARMOUR = (b"-----BEGIN", b"-----END")
_DER = (b"0\x82", b"MII")
"""How DER of more than 255 bytes begins, and how that looks in base64."""
_BLOCK = re.compile(rb"-----BEGIN(?! [A-Z0-9 ]{0,40}(?:KEY|PARAMETERS|REQUEST|CRL)-----)")
"""Where a block begins that a certificate may be in."""
_WHOLE = "Each must be a whole `BEGIN CERTIFICATE`; `openssl x509` writes it so."


def parse(raw: bytes, where: str) -> Seen:
    """Return what the holder's certificate says: in a chain, the one that is no authority's.

    Raises `Refused` if there is no certificate. Statements that are malformed are told in the
    result, since the certificate ends all the same.
    """
    return _told(holder(load(raw, where), where), where)


def parse_readable(raw: bytes, where: str) -> Seen:
    """Return what `parse` does of whatever can be read there; the rest is told as a doubt.

    Of several certificates of ours it is the one that ends first. Raises `Refused` if nothing can be
    read that may be ours.
    """
    chain = load_readable(raw, where)
    ours, blocks = _ours(chain), len(_BLOCK.findall(raw))
    seen = min((_told(each, where) for each in ours or chain[:1]), key=lambda each: each.ends)
    if blocks <= len(chain):
        many = f"{where} holds {len(ours)} certificates of ours" if len(ours) > 1 else ""
        return replace(seen, doubt=many)
    hidden = _hidden(where, blocks, len(chain))
    if not ours:
        raise Refused(f"{hidden}, which is an authority's", hint=_WHOLE)
    return replace(seen, doubt=hidden)


def _told(certificate: x509.Certificate, where: str) -> Seen:
    try:
        return seen_in(certificate)
    except (ValueError, TypeError):
        pass  # raised below: a private key may stand in the same text
    raise Refused(
        f"{where} holds a certificate whose dates cannot be read",
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
        raise Refused(_hidden(where, blocks, read), hint=_WHOLE)
    return found


def _hidden(where: str, blocks: int, read: int) -> str:
    return f"{where} holds {blocks} blocks, and {read} of them can be read as a certificate"


def holder(chain: Sequence[x509.Certificate], where: str) -> x509.Certificate:
    """Return the certificate at the end of a chain, in whatever order it stands.

    It is the one that is no authority's and issued none of the others. Raises `Refused` if there are
    several: nobody can tell which of them counts. Where there is none, it is the first that issued
    none, so that an authority alone is told as what it is.
    """
    ours = _ours(chain)
    if len(ours) > 1:
        raise Refused(
            f"{where} holds {len(ours)} certificates of ours",
            hint="Keep the one that counts, with its chain, and take the others out.",
        )
    last = _at_the_end(chain)
    own = [each for each in chain if not is_authority(each)]
    return next(iter([*ours, *own, *last, *chain]))


def _ours(chain: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return each certificate once that is no authority's and issued none of the others."""
    return [each for each in dict.fromkeys(_at_the_end(chain)) if not is_authority(each)]


def _at_the_end(chain: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    names = [(each, issuer_of(each), subject_of(each)) for each in chain]
    issuers = {issuer for _, issuer, subject in names if issuer != subject}
    return [each for each, _, subject in names if subject not in issuers]


Name = tuple[tuple[str, str], ...]


def subject_of(certificate: x509.Certificate) -> Name:
    """Return the subject in parts, however they are spelled."""
    return _parts(_issued(certificate).subject)


def issuer_of(certificate: x509.Certificate) -> Name:
    """Return the issuer likewise."""
    return _parts(_issued(certificate).issuer)


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether it may issue others; a certificate that does not say so may not."""
    return _issued(certificate).is_authority


def _issued(certificate: x509.Certificate) -> Issued:
    try:
        return read_issued(certificate.tbs_certificate_bytes)
    except Malformed:
        return _UNREADABLE


def _parts(name: Element) -> Name:
    """Return identifier and text of each part; of a name that cannot be read, its bytes in hex."""
    try:
        return attributes(name)
    except Malformed:
        return (("", name.content.hex()),)


def seen_in(certificate: x509.Certificate) -> Seen:
    """Return what it says; raise `ValueError` for dates that cannot be read."""
    issued, subject = _issued(certificate), subject_of(certificate)
    stated, malformed = _statements(issued)
    named = [text for part, text in subject if part == ORGANISATION]
    if len(named) > 1:
        malformed = malformed or f"its subject has {len(named)} organizationIdentifiers"
    return Seen(
        subject=_shown(subject),
        issuer=_shown(issuer_of(certificate)),
        serial=f"{certificate.serial_number:x}",
        sha256=certificate.fingerprint(SHA256()).hex(),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        organisation=", ".join(named),
        stated=stated,
        malformed=malformed,
        legal=", ".join(text for each in _LEGAL for part, text in subject if part == each),
        key=_key(certificate),
        usages=tuple(_PURPOSES.get(each, each) for each in issued.usages),
        policies=issued.policies,
    )


def _statements(issued: Issued) -> tuple[Statements, str]:
    if issued is _UNREADABLE:
        return Statements(), "its names and extensions cannot be read"
    try:
        raw = issued.extension(EXTENSION)
        return (read_statements(raw) if raw is not None else Statements()), ""
    except Malformed as error:
        return Statements(), str(error)


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


def _shown(name: Name) -> str:
    """Return the common name, else the whole name."""
    common = (text for part, text in name if part == COMMON)
    return next(common, ", ".join(f"{_SHORT.get(part, part)}={text}" for part, text in name))


def pem_of(certificate: x509.Certificate) -> str:
    """Return it in PEM, with a line feed at the end."""
    return certificate.public_bytes(Encoding.PEM).decode()
