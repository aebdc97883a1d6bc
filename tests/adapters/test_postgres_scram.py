"""SCRAM-SHA-256, held to the vector of RFC 7677 and to libpq, which computes it by other means."""

from __future__ import annotations

import base64

import pytest
from psycopg import pq
from pydantic import SecretStr

from adapters.postgres.saslprep import prepare
from adapters.postgres.scram import Exchange, is_verifier_of, make_verifier
from engine.errors import Refused

SERVER_FIRST = (
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
)
ODD = [
    "pencil",
    "r\u00e4cksmörg\u00e5s",
    "\u2168 and \u00a0space",
    "I\u00adX",
    "x\u0007y",
    "\u0627b",
    "zero\u200bwidth",
    "\ufb4c",
    "a\u1d4a",
    "\u0340",
]
"""Plain, composed and not, to be mapped, to be dropped, prohibited, and of two directions.

The last four are a space that others drop, of two directions, unassigned, and prohibited as long as
they are not normalized.
"""


def rfc_exchange(nonce: str = "rOprNGfwEbeRWgbNEkqO") -> Exchange:
    return Exchange(SecretStr("pencil"), nonce)


def test_the_proof_is_the_one_of_the_rfc() -> None:
    """RFC 7677, section 3, but for the user name, which PostgreSQL leaves empty."""
    said = rfc_exchange().answer(SERVER_FIRST).decode()

    assert said.startswith("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=")
    assert len(base64.b64decode(said.rpartition("p=")[2])) == 32


@pytest.mark.parametrize(
    "challenge",
    [
        SERVER_FIRST.replace(b"r=rOpr", b"r=xOpr"),
        SERVER_FIRST.replace(b",i=4096", b",i=0"),
        SERVER_FIRST.replace(b",i=4096", b",i=999999999"),
        SERVER_FIRST.replace(b"s=W22", b"s=!!!"),
        b"nonsense",
        b"",
    ],
)
def test_an_unsound_challenge_gets_no_proof(challenge: bytes) -> None:
    with pytest.raises(Refused, match="not sound"):
        rfc_exchange().answer(challenge)


@pytest.mark.parametrize("ending", [b"v=AAAA", b"", b"e=other-error"])
def test_a_server_that_does_not_know_the_verifier_is_refused(ending: bytes) -> None:
    exchange = rfc_exchange()
    exchange.answer(SERVER_FIRST)

    with pytest.raises(Refused, match="could not prove"):
        exchange.confirm(ending)


def test_a_server_may_not_end_before_it_has_asked() -> None:
    with pytest.raises(Refused, match="could not prove"):
        rfc_exchange().confirm(b"v=")


@pytest.mark.parametrize("password", ODD)
def test_libpq_comes_to_the_same_keys(password: str) -> None:
    connection = pq.PGconn.connect_start(b"host=/nowhere")
    made = connection.encrypt_password(password.encode(), b"plana", b"scram-sha-256")

    assert is_verifier_of(SecretStr(made.decode()), SecretStr(password))
    assert not is_verifier_of(SecretStr(made.decode()), SecretStr(password + "x"))


def test_a_verifier_is_of_its_password_and_salted_anew_each_time() -> None:
    one, other = (make_verifier(SecretStr("open sesame")) for _ in range(2))

    assert one.get_secret_value() != other.get_secret_value()
    assert is_verifier_of(one, SecretStr("open sesame"))
    assert is_verifier_of(other, SecretStr("open sesame"))


@pytest.mark.parametrize(
    "text", ["", "md5abc", "SCRAM-SHA-256$x:y$z:w", "SCRAM-SHA-256$4096:!$a:b"]
)
def test_what_is_no_verifier_is_of_no_password(text: str) -> None:
    assert not is_verifier_of(SecretStr(text), SecretStr("open sesame"))


def test_what_the_profile_prohibits_is_taken_as_it_is() -> None:
    """PostgreSQL, src/common/saslprep.c: a password that cannot be prepared is used unchanged."""
    assert prepare("ä\u0007") == "ä\u0007".encode()
    assert prepare("a\u0308") == "ä".encode()
