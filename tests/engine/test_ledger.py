"""The chain: what it is made of, and every way of tampering that it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from engine.errors import ChainBroken
from engine.ledger import (
    ENGINE,
    GENESIS,
    Actor,
    Draft,
    Entry,
    Event,
    body,
    canonical,
    chain,
    digest,
    fields_of,
    timestamp,
    verify,
)

AT = "2026-03-01T12:00:00.000000Z"
ANNA = Actor("anna@example.org", "oidc", ("staff", "admins"), "ui")

WORKED_EXAMPLE = (
    b"runbook-ledger/1\n"
    b'{"actor":{"groups":["staff","admins"],"subject":"anna@example.org","verified":"oidc",'
    b'"via":"ui"},"at":"2026-03-01T12:00:00.000000Z","attempt":1,"details":{"a":[true,null,-7],'
    b'"b":"\xc3\xa4 \\"\\\\\\n\\u0000\x7f"},"event":"gate.approved","plan":"p","previous":"'
    + b"0" * 64
    + b'","run":"r1","sequence":1,"step":"store"}'
)


def linked(drafts: Sequence[Draft]) -> list[Entry]:
    entries: list[Entry] = []
    for place, draft in enumerate(drafts, start=1):
        previous = entries[-1].hash if entries else GENESIS
        entries.append(chain(draft, AT, place, previous))
    return entries


def five() -> list[Entry]:
    return linked([Draft("r1", Event.STEP_STARTED, details={"number": n}) for n in range(5)])


def numbered_anew(entries: Sequence[Entry]) -> list[Entry]:
    return [replace(entry, sequence=place) for place, entry in enumerate(entries, start=1)]


# --- what is hashed ---


def test_the_hash_covers_these_bytes_and_no_others() -> None:
    details = {"b": 'ä "\\\n\x00\x7f', "a": [True, None, -7]}
    entry = chain(Draft("r1", Event.GATE_APPROVED, ANNA, "store", 1, "p", details), AT, 1, GENESIS)
    assert entry.hash == hashlib.sha256(WORKED_EXAMPLE).hexdigest()


def test_every_field_but_the_hash_is_covered() -> None:
    (entry, *_) = five()
    assert set(body(entry)) == {field.name for field in fields(Entry)} - {"hash"}
    assert set(body(entry)["actor"]) == {field.name for field in fields(Actor)}
    assert set(fields_of(entry)) == {field.name for field in fields(Entry)}


def test_names_are_sorted_by_code_point() -> None:
    spelled = '{"B":2,"a":1,"\uff5e":3,"\U0001f600":4}'
    given_out_of_order = {"\U0001f600": 4, "\uff5e": 3, "a": 1, "B": 2}
    assert canonical(given_out_of_order) == spelled.encode()


def test_the_order_of_names_does_not_matter_and_that_of_lists_does() -> None:
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})
    assert canonical([1, 2]) != canonical([2, 1])


@pytest.mark.parametrize(
    "details",
    [
        {"seconds": 1.0},
        {"a": [{"b": (1, 2.5)}]},
        {"nan": float("nan")},
        {"inf": float("inf")},
    ],
)
def test_a_float_is_refused_wherever_it_hides(details: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no floats"):
        chain(Draft("r1", Event.STEP_STARTED, details=details), AT, 1, GENESIS)


@pytest.mark.parametrize("name", [1, 1.5, None, True])
def test_a_name_that_is_no_string_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="names things by strings"):
        canonical({"a": [{name: 1}]})


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"a": "\ud800"})


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"a": {1, 2}})


def test_an_entry_does_not_change_with_the_draft_it_came_from() -> None:
    inner = [1]
    entry = chain(Draft("r1", Event.STEP_STARTED, details={"a": inner}), AT, 1, GENESIS)
    inner.append(2)
    assert entry.details == {"a": [1]}
    assert verify([entry]) == entry.hash


def test_details_may_be_any_mapping() -> None:
    details = MappingProxyType({"a": 1})
    assert (
        chain(Draft("r1", Event.STEP_STARTED, details=details), AT, 1, GENESIS).details == details
    )


def test_a_timestamp_is_utc_with_microseconds() -> None:
    berlin = timezone(timedelta(hours=2))
    assert timestamp(datetime(2026, 6, 1, 1, 2, 3, 4, berlin)) == "2026-05-31T23:02:03.000004Z"
    assert timestamp(datetime(2026, 6, 1, tzinfo=UTC)) == "2026-06-01T00:00:00.000000Z"


# --- what is found ---


def test_a_whole_chain_gives_its_head() -> None:
    entries = five()
    assert verify([]) == GENESIS
    assert verify(entries) == entries[-1].hash
    assert verify(iter(entries), [GENESIS, entries[1].hash, entries[4].hash]) == entries[4].hash


@pytest.mark.parametrize("place", range(5))
def test_an_edit_is_found(place: int) -> None:
    entries = five()
    entries[place] = replace(entries[place], details={"number": 99})
    with pytest.raises(ChainBroken, match=f"entry {place + 1} was changed"):
        verify(entries)


@pytest.mark.parametrize("place", range(4))
def test_an_edit_with_a_new_hash_is_found_at_the_next_entry(place: int) -> None:
    entries = five()
    edited = replace(entries[place], details={"number": 99})
    entries[place] = replace(edited, hash=digest(edited))
    with pytest.raises(ChainBroken, match=f"entry {place + 2} follows"):
        verify(entries)


@pytest.mark.parametrize("place", range(5))
def test_an_insert_is_found(place: int) -> None:
    entries = five()
    previous = entries[place - 1].hash if place else GENESIS
    forged = chain(Draft("r1", Event.GATE_APPROVED), AT, place + 1, previous)
    with pytest.raises(ChainBroken, match=f"entry {place + 2} "):
        verify([*entries[:place], forged, *entries[place:]])
    with pytest.raises(ChainBroken, match=f"entry {place + 2} follows"):
        verify(numbered_anew([*entries[:place], forged, *entries[place:]]))


@pytest.mark.parametrize("place", range(4))
def test_a_removal_is_found(place: int) -> None:
    entries = five()
    del entries[place]
    with pytest.raises(ChainBroken, match=f"entry {place + 1} is missing"):
        verify(entries)
    with pytest.raises(ChainBroken, match=f"entry {place + 1} follows"):
        verify(numbered_anew(entries))


@pytest.mark.parametrize("place", range(4))
def test_a_new_order_is_found(place: int) -> None:
    entries = five()
    entries[place], entries[place + 1] = entries[place + 1], entries[place]
    with pytest.raises(ChainBroken, match=f"entry {place + 1} is missing"):
        verify(entries)
    with pytest.raises(ChainBroken, match=f"entry {place + 1} follows"):
        verify(numbered_anew(entries))


def test_an_entry_told_twice_is_found() -> None:
    entries = five()
    with pytest.raises(ChainBroken, match="entry 6 is missing: its place is taken by entry 5"):
        verify([*entries, entries[-1]])


@pytest.mark.parametrize("left", range(5))
def test_a_cut_tail_is_found_by_a_known_head_only(left: int) -> None:
    entries = five()
    known = entries[-1].hash
    cut = entries[:left]
    assert verify(cut) == (cut[-1].hash if cut else GENESIS)
    with pytest.raises(ChainBroken, match=f"the head {known[:16]} was published once"):
        verify(cut, [known])


def test_a_chain_written_anew_is_found_by_a_known_head_only() -> None:
    known = five()[2].hash
    anew = linked([Draft("r1", Event.STEP_STARTED, details={"number": n * 2}) for n in range(5)])
    assert verify(anew) == anew[-1].hash
    with pytest.raises(ChainBroken, match=known[:16]):
        verify(anew, [known])


@pytest.mark.parametrize("value", [1.0, {1, 2}, "\ud800", {1: 2}, object()])
def test_what_no_chain_could_hold_is_found_and_no_other_error(value: object) -> None:
    entries = five()
    entries[2] = replace(entries[2], details={"number": value})
    with pytest.raises(ChainBroken, match="entry 3 was changed"):
        verify(entries)


def test_details_too_deep_to_hash_are_found() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    entries = five()
    entries[2] = replace(entries[2], details={"number": deep})
    with pytest.raises(ChainBroken, match="entry 3 was changed"):
        verify(entries)


def test_the_engine_speaks_for_itself_where_nobody_is_named() -> None:
    assert five()[0].actor == ENGINE == Actor("engine", "engine")
