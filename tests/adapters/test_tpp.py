"""A renewed certificate is for our key and says what the old one said, or it is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pydantic import SecretStr

from adapters import tpp
from engine.errors import Refused
from engine.step import Ask, Done, Effect, Step
from sandbox.banks import sha256_of
from sandbox.qtsp import Authority, Order, authority, pair
from tests import certs
from tests.adapters import infra, sky
from tests.adapters.slots import BLANK, unreadable

OFFERED: dict[str, Step[Any, Any]] = {step.name: step for step in tpp.steps(lambda _: None)}
STANDING, REQUEST, RECEIVE = (OFFERED[f"tpp.{name}"] for name in ("standing", "request", "receive"))
IN_FORCE, LONG_OVER = pair("qwac", timedelta(days=65)), pair("qwac", timedelta(days=-300))


def standing(in_force: str = IN_FORCE, replaced: str = LONG_OVER, kind: str = "qwac") -> Done[Any]:
    return sky.run(STANDING, in_force=in_force, replaced=replaced, kind=kind)


OLD = standing().outputs
ASKED = sky.run(REQUEST, certificate=OLD.pem).outputs
KEY_LINES = ASKED.key.get_secret_value().splitlines()[1:-1]


def given(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "qwac", "certificate": OLD.pem, "csr": ASKED.csr, "key": ASKED.key, **changes,
    }  # fmt: skip


def issued(order: Order | None = None, csr: str = "") -> str:
    return authority().issue(csr or ASKED.csr, order or Order())


def receive(text: str, **changes: Any) -> Done[Any]:
    call = sky.called(answer=SecretStr(text))
    return sky.run(RECEIVE, call, **given(**changes))


def refusal(text: str, **changes: Any) -> str:
    """Return why the gate refuses it; the key must be in no word of it."""
    params = infra.params(RECEIVE, **given(**changes))
    assert RECEIVE.check_answer is not None
    judge = RECEIVE.check_answer
    error = sky.refusal(Refused, lambda: judge(params, SecretStr(text)))
    assert not any(line in f"{error}" for line in KEY_LINES)
    return error.message


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
