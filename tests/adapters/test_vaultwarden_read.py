"""Looking at values of the vault: one, a comparison, and all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.vaultwarden import read_all
from engine.errors import NotConverged, Refused
from sandbox.placement import ITEMS
from tests.adapters.vault import ITEM, NEW, OWN_KEY_ITEM, Hand, VaultWorld, fingerprint, settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


@pytest.mark.parametrize("name", [ITEM, OWN_KEY_ITEM])
def test_value_is_read_with_fingerprint_and_revision(world: VaultWorld, name: str) -> None:
    hand = Hand(world, "read")

    done = hand.run(hand.params(None, at={"item": name}))

    value = world.vaultwarden.value(name)
    assert done.outputs.value.get_secret_value() == value
    assert done.outputs.fingerprint == fingerprint(SecretStr(value))
    assert done.outputs.revision in done.evidence
    assert value not in done.evidence


def test_empty_or_missing_field_is_no_value(world: VaultWorld) -> None:
    hand = Hand(world, "read")
    world.vaultwarden.cipher(ITEM).data["password"] = None

    with pytest.raises(Refused, match="holds nothing in 'password'"):
        hand.run(hand.params(None))
    with pytest.raises(Refused, match="has no field 'pin'"):
        hand.run(hand.params(None, at={"field": "pin"}))


def test_equal_value_matches_with_both_fingerprints_as_evidence(world: VaultWorld) -> None:
    hand, value = Hand(world, "matches"), SecretStr(world.vaultwarden.value(ITEM))

    done = hand.run(hand.params(value))

    assert done.evidence.count(fingerprint(value)) == 2
    assert done.outputs.revision in done.evidence


def test_other_value_does_not_match_and_both_are_told_apart(world: VaultWorld) -> None:
    hand, held = Hand(world, "matches"), SecretStr(world.vaultwarden.value(ITEM))

    with pytest.raises(NotConverged) as caught:
        hand.run(hand.params(NEW))

    assert f"holds {fingerprint(held)} in 'password', not {fingerprint(NEW)}" in str(caught.value)


def test_all_live_items_are_read_in_one_look(world: VaultWorld) -> None:
    found = read_all(settings(world))

    told = {(one.collection, one.name): one for one in found}
    assert len(told) == len(found) == len(ITEMS) + 1
    for item in ITEMS:
        one = told[item.collection, item.name]
        assert one.fields["password"].get_secret_value() == world.values[item.path]
        assert one.fields["notes"].get_secret_value() == f"Mirror of {item.path} in SOPS."
        assert one.fields["owner"].get_secret_value() == "petra"
        assert one.revision
        assert one.faults == {}
    assert world.vaultwarden.counts()["syncs"] == 1


def test_unreadable_field_spoils_only_itself(world: VaultWorld) -> None:
    cipher = world.vaultwarden.cipher(ITEM)
    cipher.notes = "0.AAAA|AAAA"

    one = next(one for one in read_all(settings(world)) if one.name == ITEM)

    assert "password" in one.fields
    assert "notes" not in one.fields
    assert "type 0" in one.faults["notes"]
