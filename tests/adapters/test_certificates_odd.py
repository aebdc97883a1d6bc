"""Certificates that are odd in one place, which hides nothing of what stands in the others."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from adapters.shared.x509 import parse, parse_readable
from engine.certificates import Seen, kind_faults
from engine.errors import Refused
from tests import certs
from tests.certs import sequence, statements, text, wrap

ENDS = datetime(2027, 1, 25, 12, 0, tzinfo=UTC)
SAN, BASIC, AIA = "2.5.29.17", "2.5.29.19", "1.3.6.1.5.5.7.1.1"
EDI = wrap(0xA5, wrap(0xA1, text("x")))
CA_ISSUERS = bytes.fromhex("06082b06010505073002")
ODD = {
    "ediPartyName": (SAN, sequence(EDI)),
    "x400Address": (SAN, sequence(wrap(0xA3, sequence()))),
    "an address of three bytes": (SAN, sequence(wrap(0x87, b"\1\2\3"))),
    "a name in UTF-8": (SAN, sequence(wrap(0x82, "плана.bg".encode()))),
    "cA FALSE spelled out": (BASIC, bytes.fromhex("3003010100")),
    "an odd place of the issuer": (AIA, sequence(sequence(CA_ISSUERS, EDI))),
}
WHOLE = certs.make(ENDS, statements())


def extended(oid: str, content: bytes) -> certs.Made:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), content)
    return certs.make(ENDS, statements(), extra=[odd])


def pem(der: bytes) -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def latin(made: certs.Made, old: bytes, new: bytes) -> bytes:
    """Spell a name of a certificate as TeletexString in Latin-1."""
    before = bytes([0x0C, len(old)]) + old
    assert before in made.der
    return pem(made.der.replace(before, bytes([0x14, len(new)]) + new))


@pytest.mark.parametrize("case", ODD)
def test_an_odd_extension_hides_neither_end_nor_statements(case: str) -> None:
    made = extended(*ODD[case])
    found = parse(made.pem, "it")

    assert (found.ends, found.sha256, found.malformed) == (ENDS, made.sha256, "")
    assert [*kind_faults(found, "qwac")] == []


def test_usages_and_policies_are_read_beside_an_odd_extension() -> None:
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    purposes = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")])
    policy = x509.PolicyInformation(x509.ObjectIdentifier("0.4.0.19495.3.1"), None)
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(SAN), sequence(EDI))
    extra = [usage, purposes, x509.CertificatePolicies([policy]), odd]
    found = parse(certs.make(ENDS, statements(), extra=extra).pem, "it")

    assert found.usages == ("digitalSignature", "nonRepudiation", "clientAuth")
    assert found.policies == ("0.4.0.19495.3.1",)


def test_names_in_latin_1_are_shown_and_hide_no_end() -> None:
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PLANAxx GmbH")])
    made = certs.make(ENDS, statements(), subject=named)
    found = parse(latin(made, b"PLANAxx GmbH", b"PLANA\xd6\xdf GmbH"), "it")
    issued = parse(latin(WHOLE, b"Test QTSP", b"T\xe9st QTSP"), "it")

    assert (found.subject, found.ends) == ("PLANAÖß GmbH", ENDS)
    assert (issued.issuer, issued.ends) == ("Tést QTSP", ENDS)


OLD, NEW = (certs.make(ENDS + timedelta(days=days), statements()) for days in (-300, 300))
TORN = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
TRUSTED = WHOLE.pem.replace(b" CERT", b" TRUSTED CERT")


@pytest.mark.parametrize("raw", [OLD.pem + NEW.pem, NEW.pem + OLD.pem], ids=["old", "new"])
def test_two_certificates_of_ours_are_a_doubt_and_the_first_to_end_is_told(raw: bytes) -> None:
    found = parse_readable(raw, "the file")

    assert (found.sha256, found.doubt) == (OLD.sha256, "the file holds 2 certificates of ours")
    with pytest.raises(Refused, match="the file holds 2 certificates of ours"):
        parse(raw, "the file")


def test_the_same_certificate_twice_is_one() -> None:
    assert parse_readable(WHOLE.pem + WHOLE.chain, "it") == parse(WHOLE.pem, "it")


def test_a_block_that_cannot_be_read_is_told_and_the_one_beside_it_too() -> None:
    found = parse_readable(WHOLE.pem + TORN, "the file")

    assert found.ends == ENDS
    assert found.doubt == "the file holds 2 blocks, and 1 of them can be read as a certificate"


def test_where_an_authority_alone_can_be_read_nothing_is_known_of_ours() -> None:
    above = WHOLE.chain.removesuffix(WHOLE.pem)

    with pytest.raises(Refused, match=r"and 1 of them can be read .* which is an authority's"):
        parse_readable(TRUSTED + above, "the file")
    assert isinstance(parse_readable(above, "the file"), Seen)
