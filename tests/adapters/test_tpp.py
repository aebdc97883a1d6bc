"""A renewed certificate is for our key and says what the old one said, or it is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from engine.errors import Refused
from engine.step import Ask, Effect
from sandbox.banks import sha256_of
from sandbox.qtsp import Authority, Order, pair
from tests import certs
from tests.adapters import infra, sky
from tests.adapters.issuing import (
    ASKED,
    IN_FORCE,
    KEY_LINES,
    LONG_OVER,
    OLD,
    RECEIVE,
    REQUEST,
    given,
    issued,
    receive,
    refusal,
    standing,
)
from tests.adapters.slots import BLANK, unreadable


def test_the_certificate_in_force_is_told_with_all_that_must_stay() -> None:
    done = standing()

    assert done.outputs.organisation == "PSDBG-BNB-C433487"
    assert done.outputs.roles == ("PSP_PI", "PSP_AI")
    assert done.outputs.sha256 == sha256_of(IN_FORCE)
    assert "PRIVATE" not in done.outputs.pem
    assert "PRIVATE" not in done.evidence
    assert "the slot holds one that ends at " in done.evidence


def test_the_slot_that_holds_the_certificate_in_force_is_never_written_over() -> None:
    error = sky.refusal(Refused, lambda: standing(LONG_OVER, IN_FORCE))

    assert "holds the certificate in force" in error.message
    assert "Start the run for the other slot" in error.hint


def test_two_slots_with_the_same_pair_may_be_renewed_from_either() -> None:
    assert standing(IN_FORCE, IN_FORCE).outputs.serial == OLD.serial


@pytest.mark.parametrize("text", BLANK)
def test_a_slot_that_was_never_filled_may_be_written(text: str) -> None:
    assert standing(replaced=text).evidence.endswith("; the slot holds none")


NEWER = certs.make(datetime.now(UTC) + timedelta(days=700), certs.statements())
UNREADABLE = unreadable(NEWER)


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_slot_that_cannot_be_read_may_hold_the_one_in_force_and_is_not_written(case: str) -> None:
    error = sky.refusal(Refused, lambda: standing(replaced=UNREADABLE[case]))

    assert "may be the certificate in force" in error.message
    assert "placeholder" in error.hint
    lines = NEWER.private.decode().splitlines()[1:-1]
    assert not any(line in f"{error}" for line in lines)


def test_a_slot_may_hold_the_key_with_a_whole_chain_in_any_order() -> None:
    made = certs.make(datetime.now(UTC) - timedelta(days=3), certs.statements())
    whole = (made.private + made.chain).decode()

    for text in (whole, (made.chain + made.private).decode(), made.pem.decode()):
        assert "; the slot holds one that ends at " in standing(replaced=text).evidence


@pytest.mark.parametrize(
    ("in_force", "words"),
    [(pair("qseal", timedelta(days=9)), "it is qseal, not qwac"), ("x", "no certificate that can")],
    ids=["the other kind", "no certificate"],
)
def test_what_is_no_such_certificate_cannot_be_renewed(in_force: str, words: str) -> None:
    assert words in sky.refusal(Refused, lambda: standing(in_force)).message


def test_the_request_has_the_subject_of_the_old_one_and_a_key_of_its_own() -> None:
    csr = x509.load_pem_x509_csr(ASKED.csr.encode())
    old = x509.load_pem_x509_certificate(OLD.pem.encode())

    assert csr.is_signature_valid
    assert csr.subject.public_bytes() == old.subject.public_bytes()
    assert csr.public_key() != old.public_key()
    key = serialization.load_pem_private_key(ASKED.key.get_secret_value().encode(), None)
    assert csr.public_key() == key.public_key()


@pytest.mark.parametrize(
    ("old", "asked", "kind"),
    [
        (rsa.generate_private_key(65537, 2048), "same", "RSA 2048"),
        (ec.generate_private_key(ec.SECP384R1()), "same", "secp384r1"),
        (rsa.generate_private_key(65537, 2048), "ec-p256", "secp256r1"),
        (ed25519.Ed25519PrivateKey.generate(), "rsa-2048", "RSA 2048"),
    ],
)
def test_the_key_is_of_the_kind_that_is_asked_for(old: certs.Key, asked: str, kind: str) -> None:
    made = certs.make(datetime.now(UTC), certs.statements(), key=old)
    done = sky.run(REQUEST, certificate=made.pem.decode(), key=asked)
    key = x509.load_pem_x509_csr(done.outputs.csr.encode()).public_key()

    match key:
        case rsa.RSAPublicKey():
            assert kind == f"RSA {key.key_size}"
        case _:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            assert key.curve.name == kind


def test_no_other_key_of_an_odd_kind_is_made_unasked() -> None:
    made = certs.make(datetime.now(UTC), key=ed25519.Ed25519PrivateKey.generate())
    error = sky.refusal(Refused, lambda: sky.run(REQUEST, certificate=made.pem.decode()))

    assert "`key: ec-p256`" in error.hint


@pytest.mark.parametrize("turned", [False, True])
def test_what_was_issued_as_ordered_becomes_a_pair(turned: bool) -> None:
    blocks = issued().split("-----END CERTIFICATE-----\n")[:2]
    chain = [f"{each}-----END CERTIFICATE-----\n" for each in blocks]
    done = receive("".join(reversed(chain) if turned else chain))
    value = done.outputs.value.get_secret_value()

    assert value == f"{ASKED.key.get_secret_value().strip()}\n{''.join(chain)}"
    assert standing(value, IN_FORCE).outputs.serial == done.outputs.serial
    assert not any(line in f"{done.evidence}{done.outputs}" for line in KEY_LINES)
    assert "for PSDBG-BNB-C433487 with PSP_PI, PSP_AI as before" in done.evidence


NOW = datetime.now(UTC)
WRONG: dict[str, tuple[Order, str]] = {
    "another organisation": (
        Order(organisation="PSDBG-BNB-C999999"),
        "its organizationIdentifier must stay PSDBG-BNB-C433487, and would be PSDBG-BNB-C999999",
    ),
    "a role less": (
        Order(roles=("PSP_AI",)), "its roles must stay PSP_AI, PSP_PI, and would be PSP_AI",
    ),
    "a role more": (
        Order(roles=("PSP_AI", "PSP_PI", "PSP_IC")),
        "its roles must stay PSP_AI, PSP_PI, and would be PSP_AI, PSP_IC, PSP_PI",
    ),
    "another key": (Order(other_key=True), "it is for another key than the request was made with"),
    "the other kind": (Order("qseal"), "it is qseal, not qwac"),
    "not yet valid": (Order(begins=NOW + timedelta(days=2)), "it is not valid before "),
    "over before the old one": (
        Order(begins=NOW - timedelta(days=320)), "no later than the one in force",
    ),
    "short": (Order(begins=NOW - timedelta(days=3), life=timedelta(days=9)), "within 30 days"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_was_issued_otherwise_is_refused_at_the_gate_with_both_values(case: str) -> None:
    order, words = WRONG[case]

    assert words in refusal(issued(order))


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = refusal(issued(Order("qseal", "PSDBG-BNB-C1", ("PSP_AI",), other_key=True)))

    assert [
        words for words in ("another key", "is qseal", "C1", "roles") if words not in told
    ] == []


def test_a_chain_without_its_issuer_is_refused() -> None:
    alone = issued().split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"

    assert "the chain lacks the certificate of its issuer" in refusal(alone)


def test_a_stranger_with_the_issuers_name_has_not_signed_it() -> None:
    leaf = issued().split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
    stranger = Authority().issue(ASKED.csr, Order()).split("-----END CERTIFICATE-----\n")[1]

    assert "its issuer has not signed it" in refusal(f"{leaf}{stranger}-----END CERTIFICATE-----\n")


def test_another_issuer_is_told_and_let_through() -> None:
    old = certs.make(
        NOW + timedelta(days=60),
        certs.statements(certs.WEB, certs.psd2(("PSP_PI", "PSP_AI"))),
    )
    done = receive(issued(), certificate=old.pem.decode())

    assert "its issuer is Sandbox Qualified CA, and was Test QTSP" in done.evidence
    assert "policy" not in done.evidence


def test_another_policy_is_told_and_let_through() -> None:
    policy = x509.PolicyInformation(x509.ObjectIdentifier("0.4.0.19495.3.1"), None)
    old = certs.make(
        NOW + timedelta(days=60),
        certs.statements(certs.WEB, certs.psd2(("PSP_PI", "PSP_AI"))),
        extra=[x509.CertificatePolicies([policy])],
    )
    done = receive(issued(), certificate=old.pem.decode())

    assert "its policy is none, and was 0.4.0.19495.3.1" in done.evidence


@pytest.mark.parametrize(
    "text", ["", "see the mail", IN_FORCE, OLD.pem], ids=["nothing", "a word", "a pair", "in force"]
)
def test_anything_else_is_refused(text: str) -> None:
    assert refusal(text)


def test_the_request_is_shown_at_the_gate_and_the_key_is_not() -> None:
    assert RECEIVE.describe is not None
    shown = RECEIVE.describe(infra.params(RECEIVE, **given()))

    assert ASKED.csr.strip() in shown
    assert not any(line in shown for line in KEY_LINES)
    assert (RECEIVE.ask, RECEIVE.effect) == (Ask.CERTIFICATE, Effect.MINT)


def test_a_placeholder_that_ends_last_may_be_written_over_and_another_kind_may_not() -> None:
    later = NOW + timedelta(days=3650)
    placeholder = certs.make(later, organisation="").pem.decode()
    seal = certs.make(later, certs.statements(certs.SEAL)).pem.decode()

    assert standing(replaced=placeholder).outputs.serial == OLD.serial
    error = sky.refusal(Refused, lambda: standing(replaced=seal))
    assert "a certificate of another kind: it is qseal, not qwac" in error.message


def test_two_certificates_of_ours_in_the_slot_to_write_may_hold_the_one_in_force() -> None:
    over = certs.make(NOW - timedelta(days=9), certs.statements())
    text = f"{over.pem.decode()}{NEWER.pem.decode()}"

    assert "2 certificates of ours" in sky.refusal(Refused, lambda: standing(replaced=text)).message
