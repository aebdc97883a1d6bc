"""Certificates nobody here has seen before: other keys, names, wrappings, statements and dates."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import NameOID

from adapters.shared.x509 import parse
from engine.certificates import Seen, kind_faults
from engine.errors import Refused
from engine.organisation import Organisation, read_organisation
from tests import certs
from tests.certs import QC_COMPLIANCE, QC_TYPE, ROLE, SEAL, WEB, psd2, sequence, statements, text

ENDS = datetime(2027, 1, 25, 12, 0, tzinfo=UTC)
ESIGN = bytes.fromhex("060704008e46010601")
ORG = NameOID.ORGANIZATION_IDENTIFIER
KEYS: dict[str, certs.Key] = {
    "RSA 2048": rsa.generate_private_key(65537, 2048),
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}
WHOLE = certs.make(ENDS, certs.statements())


def faults(stated: bytes, organisation: str = certs.ORGANISATION) -> list[str]:
    """Return what is wrong with a QWAC that states this, or why it cannot be read."""
    found = parse(certs.make(ENDS, stated, organisation=organisation).pem, "it")
    return [found.malformed] if found.malformed else [*kind_faults(found, "qwac")]


@pytest.mark.parametrize("name", KEYS)
def test_any_kind_of_key_is_read(name: str) -> None:
    made = certs.make(ENDS, certs.statements(), key=KEYS[name])

    assert parse(made.chain, "it").sha256 == made.sha256


@pytest.mark.parametrize(
    "roles",
    [each for size in range(1, 5) for each in itertools.combinations(ROLE, size)],
    ids=",".join,
)
def test_any_roles_are_read(roles: tuple[str, ...]) -> None:
    found = parse(certs.make(ENDS, statements(WEB, psd2(roles))).pem, "it")

    assert found.stated.psd2 is not None
    assert found.stated.psd2.roles == roles
    assert not [*kind_faults(found, "qwac")]


def roles_named(**named: str) -> bytes:
    parts = sequence(*(sequence(ROLE[role], text(name)) for role, name in named.items()))
    return sequence(certs.PSD2, sequence(parts, text("Bulgarian National Bank"), text("BG-BNB")))


STATED = {
    "as it should be": (statements(), []),
    "an eseal where web is wanted": (statements(SEAL), ["it is qseal, not qwac"]),
    "an esign": (statements(ESIGN), ["it is 0.4.0.1862.1.6.1, not qwac"]),
    "two types": (
        sequence(sequence(QC_COMPLIANCE), sequence(QC_TYPE, sequence(WEB, SEAL)), psd2()),
        ["it is qwac and qseal, not qwac"],
    ),
    "no compliance": (
        sequence(sequence(QC_TYPE, sequence(WEB)), psd2()),
        ["it does not claim to be an EU qualified certificate (QcCompliance)"],
    ),
    "no type": (
        sequence(sequence(QC_COMPLIANCE), psd2()), ["it is no qualified certificate, not qwac"],
    ),
    "a type that names none": (
        sequence(sequence(QC_TYPE, sequence())), ["the QcType statement names no type"],
    ),
    "role and name disagree": (
        statements(WEB, roles_named(PSP_AI="PSP_PI")), ["the role PSP_AI is named 'PSP_PI'"],
    ),
    "an authority that is not the organisation's": (
        statements(WEB, psd2(identity="DE-BAFIN")),
        ["its organizationIdentifier names the authority BG-BNB, and its PSD2 statement DE-BAFIN"],
    ),
    "unknown statements beside": (
        statements(WEB, psd2(), sequence(bytes.fromhex("06022a03")), sequence(
            bytes.fromhex("06022a04"), text("more")
        )), [],
    ),
    "indefinite length": (
        b"\x30\x80" + statements()[2:] + b"\0\0",
        ["the extension has a length of 0 bytes that cannot be read"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STATED)
def test_what_statements_are_wrong_is_told(case: str) -> None:
    stated, expected = STATED[case]

    assert faults(stated) == expected


def test_an_authority_may_have_any_letters_in_its_name() -> None:
    name = "Комисия за финансов надзор, Ünïted ✓"
    found = parse(certs.make(ENDS, statements(WEB, psd2(authority=name))).pem, "it")

    assert found.stated.psd2 is not None
    assert found.stated.psd2.authority == name


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("PSDDE-BAFIN-123456", Organisation("PSD", "DE", "123456", "DE-BAFIN")),
        ("PSDPL-PFSA-1234567890", Organisation("PSD", "PL", "1234567890", "PL-PFSA")),
        ("PSDES-BDE-3DFD21", Organisation("PSD", "ES", "3DFD21", "ES-BDE")),
        ("PSDFI-FINFSA-1-2/3", Organisation("PSD", "FI", "1-2/3", "FI-FINFSA")),
        ("VATDE-123456789", Organisation("VAT", "DE", "123456789")),
        ("NTRGB-12345678", Organisation("NTR", "GB", "12345678")),
        ("XX:DE-77", Organisation("XX", "DE", "77")),
        ("PSDDE-123456", None), ("psdde-bafin-1", None), ("PSDDE", None), ("", None),
        ("PSDDE-BAFIN-", None), ("PSDDE-BAFIN-1\n2", None),
    ],
)  # fmt: skip
def test_an_organization_identifier_is_taken_apart(
    spelled: str, expected: Organisation | None
) -> None:
    assert read_organisation(spelled) == expected


def subject(*pairs: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(*pair) for pair in pairs])


def test_an_identifier_in_another_place_is_none() -> None:
    unit = subject((NameOID.COMMON_NAME, "P"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "PSDDE-BAFIN-1"))
    found = parse(certs.make(ENDS, statements(), subject=unit).pem, "it")

    assert found.organisation == ""


def test_two_identifiers_are_told_and_neither_is_taken() -> None:
    twice = subject((ORG, "PSDDE-BAFIN-1"), (NameOID.COMMON_NAME, "P"), (ORG, "PSDDE-BAFIN-2"))
    found = parse(certs.make(ENDS, statements(), subject=twice).pem, "it")

    assert found.malformed == "its subject has 2 organizationIdentifiers"
    assert found.organisation == "PSDDE-BAFIN-1, PSDDE-BAFIN-2"


def test_a_subject_without_a_common_name_is_shown_whole() -> None:
    found = parse(certs.make(ENDS, subject=subject((NameOID.ORGANIZATION_NAME, "P"))).pem, "it")

    assert found.subject == "O=P"


WRAPPED = {
    "PEM": WHOLE.pem,
    "DER": WHOLE.der,
    "CR LF": WHOLE.chain.replace(b"\n", b"\r\n"),
    "text before": b"subject=CN = PLANA Ltd\n  Validity\n" + WHOLE.chain,
    "indented, as in YAML": b"\n".join(b"    " + line for line in WHOLE.pem.splitlines()),
    "the issuer first": WHOLE.chain,
    "the issuer last": WHOLE.pem + WHOLE.chain.removesuffix(WHOLE.pem),
    "a key before": WHOLE.private + WHOLE.pem,
    "a key after": WHOLE.pem + WHOLE.private,
    "base64 alone": base64.encodebytes(WHOLE.der),
    "base64 in one line": base64.b64encode(WHOLE.der),
    "an old label": WHOLE.pem.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
    "one line": b"-----BEGIN CERTIFICATE-----"
    + base64.b64encode(WHOLE.der)
    + b"-----END CERTIFICATE-----",
    "no line feed at the end": WHOLE.pem.rstrip(),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_however_it_is_wrapped_it_is_the_same(case: str) -> None:
    found = parse(WRAPPED[case], "it")

    assert found.sha256 == WHOLE.sha256
    assert "PRIVATE KEY" not in repr(found)


def test_a_long_chain_in_any_order_ends_in_the_same_certificate() -> None:
    issuer = WHOLE.chain.removesuffix(WHOLE.pem)
    others = [certs.make(ENDS).chain.split(b"-----END CERTIFICATE-----\n")[0] for _ in range(20)]
    blocks = [WHOLE.pem, issuer, *(each + b"-----END CERTIFICATE-----\n" for each in others)]
    for place in (0, 1, 7, len(blocks) - 1):
        turned = blocks[place:] + blocks[:place]
        assert parse(b"".join(turned), "it").sha256 == WHOLE.sha256
        assert parse(b"".join(reversed(turned)), "it").sha256 == WHOLE.sha256


def test_more_certificates_than_a_chain_has_are_refused() -> None:
    with pytest.raises(Refused, match="101 certificates, which is no chain"):
        parse(WHOLE.pem * 101, "it")


def bundle() -> bytes:
    key = WHOLE.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    shut = serialization.BestAvailableEncryption(b"long enough")
    return pkcs12.serialize_key_and_certificates(b"x", key, WHOLE.certificate, None, shut)


def request() -> bytes:
    built = x509.CertificateSigningRequestBuilder().subject_name(WHOLE.certificate.subject)
    signed = built.sign(WHOLE.key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def envelope(encoding: serialization.Encoding) -> bytes:
    return pkcs7.serialize_certificates([WHOLE.certificate], encoding)


REFUSED = {
    "PKCS#12": (bundle(), "is PKCS#12, which holds the private key too"),
    "PKCS#12 in base64": (base64.b64encode(bundle()), "is PKCS#12"),
    "PKCS#7": (envelope(serialization.Encoding.DER), "is PKCS#7, not a certificate"),
    "PKCS#7 in PEM": (envelope(serialization.Encoding.PEM), "is PKCS#7, not a certificate"),
    "a key alone": (WHOLE.private, "only a private key"),
    "a request": (request(), "only the request for one"),
    "nothing": (b"", "no certificate that can be read"),
    "words": (b"see the wiki", "no certificate that can be read"),
    "half a block": (WHOLE.pem[:-60], "no certificate that can be read"),
    "a torn block": (WHOLE.pem.replace(b"MI", b"M!", 1), "no certificate that can"),
    "a block of zeros": (
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate that",
    ),
    "base64 of something else": (base64.b64encode(b"x" * 99), "no certificate that can be read"),
    "no UTF-8": (b"\xff\xfe\x00", "no certificate that can be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_certificate_is_named_and_never_quoted(case: str) -> None:
    raw, words = REFUSED[case]
    with pytest.raises(Refused, match=words) as caught:
        parse(raw, "the file")

    told = f"{caught.value}"
    assert caught.value.__context__ is None
    assert not any(line in told for line in WHOLE.private.decode().splitlines()[1:-1])


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)),
        (datetime(2049, 12, 31, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)),
        (datetime(2090, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dates_of_either_spelling_are_read(begins: datetime, ends: datetime) -> None:
    found = parse(certs.make(ends, begins=begins).pem, "it")

    assert (found.begins, found.ends) == (begins, ends)


@pytest.mark.filterwarnings("ignore")  # the library warns of what later versions will refuse
def test_a_negative_serial_is_read_or_refused() -> None:
    serial = WHOLE.certificate.serial_number
    raw = serial.to_bytes((serial.bit_length() + 8) // 8, "big")
    place = WHOLE.der.index(raw)
    odd = WHOLE.der[:place] + bytes([0x80 | raw[0]]) + WHOLE.der[place + 1 :]

    try:
        found = parse(odd, "it")
    except Refused:
        return
    assert isinstance(found, Seen)
    assert found.serial.startswith("-")
