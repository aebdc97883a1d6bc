"""The chain that is brought to the gate: put in order, and refused where it is not sound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.errors import Refused
from tests import certs
from tests.adapters import sky
from tests.adapters.issuing import ASKED, OLD, REQUEST, receive, refusal

NOW = datetime.now(UTC)


def chained(*above: x509.Certificate, leaf: x509.Certificate) -> str:
    blocks = (each.public_bytes(serialization.Encoding.PEM).decode() for each in (leaf, *above))
    return "".join(blocks)


PUBLIC = x509.load_pem_x509_csr(ASKED.csr.encode()).public_key()
YEARS = timedelta(days=1000)


class Ladder:
    """A root, one issuer below it, and what that one issues for our key."""

    def __init__(self, ends: datetime = NOW + YEARS) -> None:
        self.keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        self.names = [certs.name(each) for each in ("Root", "Issuing")]
        self.root = self._sign(self.names[0], self.keys[0].public_key(), 0, NOW + YEARS, ca=True)
        self.issuer = self._sign(self.names[1], self.keys[1].public_key(), 0, ends, ca=True)

    def leaf(self, *, ca: bool = False, names: bytes = b"") -> x509.Certificate:
        old = x509.load_pem_x509_certificate(OLD.pem.encode())
        return self._sign(old.subject, PUBLIC, 1, NOW + timedelta(days=360), ca=ca, names=names)

    def _sign(
        self, subject: x509.Name, key: Any, by: int, ends: datetime, *, ca: bool, names: bytes = b""
    ) -> x509.Certificate:
        built = certs.builder(subject, self.names[by], key, NOW - YEARS, ends)
        if ca:
            usage = x509.BasicConstraints(ca=True, path_length=None)
            built = built.add_extension(usage, critical=True)
        stated = certs.statements(certs.WEB, certs.psd2(("PSP_PI", "PSP_AI", "PSP_AI")))
        purpose = certs.sequence(bytes.fromhex("06082b06010505070302"))
        more = {"1.3.6.1.5.5.7.1.3": stated, "2.5.29.37": purpose, "2.5.29.17": names}
        for oid, content in more.items():
            if content:
                each = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), content)
                built = built.add_extension(each, critical=False)
        return built.sign(self.keys[by], hashes.SHA256())


def test_the_stored_chain_leads_from_the_leaf_upwards_and_holds_nothing_else() -> None:
    made, other = Ladder(), Ladder()
    old = x509.load_pem_x509_certificate(OLD.pem.encode())
    leaf = made.leaf()
    brought = chained(made.root, other.root, made.issuer, leaf, leaf=old)
    done = receive(brought)

    assert done.outputs.pem == chained(made.issuer, made.root, leaf=leaf)


def test_roles_that_are_named_twice_are_the_same_roles() -> None:
    made = Ladder()
    done = receive(chained(made.issuer, leaf=made.leaf()))

    assert "with PSP_PI, PSP_AI" in done.evidence


def test_an_authority_is_no_certificate_for_us() -> None:
    made = Ladder()

    assert "it says that it is an authority" in refusal(
        chained(made.issuer, leaf=made.leaf(ca=True))
    )


def test_an_issuer_that_has_ended_is_refused() -> None:
    made = Ladder(NOW - timedelta(days=1))

    assert "its issuer's certificate has ended at" in refusal(
        chained(made.issuer, leaf=made.leaf())
    )


ODD_NAMES = certs.sequence(certs.wrap(0xA5, certs.wrap(0xA1, certs.text("x"))))


def test_odd_names_are_taken_at_the_gate_and_not_asked_for_again() -> None:
    made = Ladder()
    leaf = made.leaf(names=ODD_NAMES)

    assert receive(chained(made.issuer, leaf=leaf)).outputs.serial == f"{leaf.serial_number:x}"
    error = sky.refusal(Refused, lambda: sky.run(REQUEST, certificate=chained(leaf=leaf)))
    assert "extensions of the certificate in force cannot be read" in error.message
