"""A certificate is ordered and registered as a person does it, from another process too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sandbox.world import World
from tests import certs


def request() -> str:
    subject = certs.make(datetime.now(UTC) + timedelta(days=9)).certificate.subject
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return csr.public_bytes(Encoding.PEM).decode()


def order(world: World, **said: Any) -> httpx.Response:
    return httpx.post(f"{world.urls['qtsp']}/orders/qwac", json=said)


def register(world: World, bank: str) -> httpx.Response:
    knob = {"knob": "register", "bank": bank, "kind": "qwac"}
    return httpx.post(f"{world.urls['control']}/sandbox/knobs", json=knob)


def test_a_bank_knows_what_was_issued_last_once_it_is_registered(world: World) -> None:
    assert register(world, "bunq").status_code == 422

    wrong = order(world, csr=request(), organisation="PSDBG-BNB-C0").json()["certificate"]
    right = order(world, csr=request()).json()["certificate"]
    named = x509.load_pem_x509_certificate(wrong.encode()).subject
    [organisation] = named.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)

    assert organisation.value == "PSDBG-BNB-C0"
    assert not world.banks.accepts("bunq", right)
    assert register(world, "bunq").status_code == 204
    assert world.banks.accepts("bunq", right)
    assert not world.banks.accepts("bunq", wrong)
    assert register(world, "ing").status_code == 422


def test_what_is_no_sound_request_is_refused(world: World) -> None:
    answers = [order(world, csr="none"), order(world), order(world, csr=request(), colour="red")]

    assert [each.status_code for each in answers] == [400, 400, 400]
