"""For any chain: it verifies, and any single change of any field of any entry is found."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from engine.errors import ChainBroken
from engine.ledger import (
    GENESIS,
    Actor,
    Draft,
    Entry,
    Event,
    body,
    canonical,
    digest,
    verify,
)
from engine.lines import read_lines, to_json
from tests.engine.test_ledger import linked

texts = some.text(some.characters(exclude_categories=["Cs"]), max_size=8)
values = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
all_details = some.dictionaries(texts, values, max_size=3)
actors = some.builds(Actor, texts, texts, some.lists(texts, max_size=2).map(tuple), texts)
drafts = some.builds(
    Draft, texts, some.sampled_from(Event), actors, texts, some.integers(0, 9), texts, all_details
)
chains = some.lists(drafts, min_size=1, max_size=4).map(linked)
changes: dict[str, some.SearchStrategy[Any]] = {
    "sequence": some.integers(),
    "at": texts,
    "run": texts,
    "step": texts,
    "attempt": some.integers() | some.booleans(),
    "event": some.sampled_from(Event),
    "actor": actors,
    "plan": texts,
    "details": all_details,
    "previous": texts | some.just(GENESIS),
    "hash": texts | some.just(GENESIS),
}


@given(entries=chains)
def test_any_chain_verifies_and_comes_back_from_its_lines(entries: list[Entry]) -> None:
    assert verify(entries, [entry.hash for entry in entries]) == entries[-1].hash
    lines = [to_json(entry) for entry in entries]
    links = list(read_lines(f"{line}\n".encode() for line in lines))
    assert verify(links) == entries[-1].hash
    assert [link.text.encode() for link in links] == [canonical(body(entry)) for entry in entries]
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize("name", [field.name for field in fields(Entry)])
@given(data=some.data(), entries=chains)
def test_a_change_of_any_field_of_any_entry_is_found(
    name: str, data: some.DataObject, entries: list[Entry]
) -> None:
    place = data.draw(some.integers(0, len(entries) - 1), "place")
    changed = replace(entries[place], **{name: data.draw(changes[name], "change")})
    assume(to_json(changed) != to_json(entries[place]))
    with pytest.raises(ChainBroken):
        verify([*entries[:place], changed, *entries[place + 1 :]])


@given(data=some.data(), entries=chains)
def test_a_change_of_any_part_of_an_actor_is_found(
    data: some.DataObject, entries: list[Entry]
) -> None:
    place = data.draw(some.integers(0, len(entries) - 1), "place")
    name = data.draw(some.sampled_from([field.name for field in fields(Actor)]), "part")
    kinds: some.SearchStrategy[Any] = some.lists(texts).map(tuple) if name == "groups" else texts
    change: dict[str, Any] = {name: data.draw(kinds, "change")}
    actor = replace(entries[place].actor, **change)
    assume(actor != entries[place].actor)
    with pytest.raises(ChainBroken, match=f"entry {place + 1} was changed"):
        verify([*entries[:place], replace(entries[place], actor=actor), *entries[place + 1 :]])


@given(data=some.data(), entries=chains)
def test_a_change_with_a_new_hash_is_found_with_the_head(
    data: some.DataObject, entries: list[Entry]
) -> None:
    head = entries[-1].hash
    place = data.draw(some.integers(0, len(entries) - 1), "place")
    changed = replace(entries[place], details=data.draw(all_details, "change"))
    assume(to_json(changed) != to_json(entries[place]))
    changed = replace(changed, hash=digest(changed))
    with pytest.raises(ChainBroken):
        verify([*entries[:place], changed, *entries[place + 1 :]], [head])
