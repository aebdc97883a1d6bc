"""Qualified statements as they should be, and anything else told as malformed and nothing worse."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.der import Element, Malformed, oid, parts, read
from engine.qualified import Authorisation, Statements, read_statements
from tests.certs import (
    PSD2,
    QC_TYPE,
    ROLE,
    SEAL,
    WEB,
    psd2,
    sequence,
    statements,
    text,
    wrap,
)

EVERY_ROLE = ("PSP_AS", "PSP_PI", "PSP_AI", "PSP_IC")
# what the certificate of somebody with every role carries
GOOD = statements(WEB, psd2(EVERY_ROLE, "Central Bank of Ireland", "IE-CBI"))


def test_type_roles_and_authority_are_read() -> None:
    expected = Authorisation(EVERY_ROLE, "Central Bank of Ireland", "IE-CBI")

    assert read_statements(GOOD) == Statements(("qwac",), expected, compliant=True)
    assert read_statements(statements(SEAL)).types == ("qseal",)


def test_a_long_name_has_its_length_in_several_bytes() -> None:
    name = "Комисия " * 40

    found = read_statements(statements(WEB, psd2(authority=name)))

    assert found.psd2 is not None
    assert found.psd2.authority == name


def test_other_statements_and_unknown_types_and_roles_are_let_through() -> None:
    other = sequence(bytes.fromhex("060604008e460105"), sequence(text("https://example.com")))
    role = sequence(bytes.fromhex("0603550403"), text("PSP_XX"))
    strange = sequence(PSD2, sequence(sequence(role), text("A"), text("B")))
    found = read_statements(sequence(other, strange, sequence(QC_TYPE, sequence(PSD2))))

    assert found == Statements(("0.4.0.19495.2",), Authorisation(("2.5.4.3",), "A", "B"))


def test_a_certificate_without_the_psd2_statement_has_none() -> None:
    assert read_statements(sequence()) == Statements()


MALFORMED = {
    "nothing": (b"", "ends before its length"),
    "no sequence": (text("hello"), "not a sequence"),
    "cut off": (GOOD[:-1], "says .* bytes and has"),
    "left over": (GOOD + b"\x00", "1 bytes after its end"),
    "indefinite length": (b"\x30\x80\x00\x00", "length of 0 bytes"),
    "long length of a short thing": (b"\x30\x81\x02\x05\x00", "longer than needed"),
    "leading zero in the length": (b"\x30\x82\x00\x80" + b"\x05\x00" * 64, "longer than needed"),
    "a length beyond measure": (b"\x30\x89" + b"\x01" * 9, "cannot be read"),
    "tag of several bytes": (sequence(b"\x1f\x81\x01\x00"), "tag of several bytes"),
    "an empty statement": (sequence(sequence()), "statement 1 ends before its length"),
    "a statement without a name": (sequence(sequence(text("x"))), "not an object identifier"),
    "twice the same": (sequence(psd2(), psd2()), "which was made before"),
    "a type that says nothing": (sequence(sequence(QC_TYPE)), "says nothing"),
    "roles left out": (
        sequence(sequence(PSD2, sequence(text("A"), text("B")))),
        "2 parts, not 3",
    ),
    "no role": (sequence(psd2(())), "names no role"),
    "a role without its name": (
        sequence(sequence(PSD2, sequence(sequence(sequence(ROLE["PSP_AI"])), text(""), text("")))),
        "1 parts, not 2",
    ),
    "another kind of text": (
        sequence(sequence(PSD2, sequence(
            sequence(sequence(ROLE["PSP_AI"], text("x"))), wrap(0x13, b"A"), text("B")
        ))),
        "authority's name .* not a UTF-8 text",
    ),
    "no UTF-8": (
        sequence(sequence(PSD2, sequence(
            sequence(sequence(ROLE["PSP_AI"], text("x"))), text("A"), wrap(0x0C, b"\xff")
        ))),
        "authority's id .* not UTF-8",
    ),
    "a type that is cut off": (statements(b"\x06\x02\x04\x81"), "a type .* cut off"),
    "a third part": (sequence(sequence(QC_TYPE, sequence(WEB), text(""))), "after its end"),
}  # fmt: skip
STRANGE = {
    "a UUID": sequence(wrap(0x06, b"\x69", b"\x83" * 18, b"\x01"), text("x")),
    "no identifier at all": sequence(b"\x06\x00"),
    "a tag of several bytes": sequence(wrap(0x06, b"\x2a\x03"), b"\x5f\x81\x02\x00"),
    "two semantics": sequence(wrap(0x06, b"\x2b\x06"), text("natural")),
    "three parts": sequence(wrap(0x06, b"\x2a\x03"), text(""), text("")),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_statements_are_passed_over_however_often_they_are_made(name: str) -> None:
    found = read_statements(statements(WEB, psd2(), STRANGE[name], STRANGE[name]))

    assert found == read_statements(statements(WEB, psd2()))


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_told_with_its_place(name: str) -> None:
    raw, words = MALFORMED[name]

    with pytest.raises(Malformed, match=words):
        read_statements(raw)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_malformed(raw: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(read_statements(raw), Statements)


@settings(deadline=None)
@given(st.data())
def test_good_statements_with_a_few_bytes_changed_are_read_or_malformed(
    data: st.DataObject,
) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    with suppress(Malformed):
        assert isinstance(read_statements(bytes(raw)), Statements)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(EVERY_ROLE), min_size=1, max_size=4),
    st.text(max_size=300),
    st.text(max_size=20),
)
def test_whatever_was_stated_is_read_back(roles: list[str], authority: str, identity: str) -> None:
    found = read_statements(statements(SEAL, psd2(roles, authority, identity)))
    expected = Authorisation(tuple(roles), authority, identity)

    assert found == Statements(("qseal",), expected, compliant=True)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=6))
def test_the_parts_of_a_sequence_are_those_it_was_made_of(contents: list[bytes]) -> None:
    raw = sequence(*(wrap(0x04, each) for each in contents))

    assert parts(read(raw, "it"), "it") == tuple(Element(0x04, each) for each in contents)


@pytest.mark.parametrize(
    ("raw", "dotted"),
    [("2a864886f70d", "1.2.840.113549"), ("550461", "2.5.4.97"), ("883703", "2.999.3")],
)
def test_identifiers_are_spelled_as_everybody_does(raw: str, dotted: str) -> None:
    assert oid(Element(0x06, bytes.fromhex(raw)), "it") == dotted


@pytest.mark.parametrize(
    ("raw", "words"),
    [("0481", "cut off"), ("048001", "needless"), ("ff" * 20 + "01", "large"), ("", "cut off")],
)
def test_an_identifier_that_is_none_says_why(raw: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        oid(Element(0x06, bytes.fromhex(raw)), "it")


def test_an_arc_may_be_a_uuid() -> None:
    raw = bytes.fromhex("69" + "ff" * 18 + "7f")

    assert oid(Element(0x06, raw), "it") == f"2.25.{2**133 - 1}"
