"""Taking a write back: the old value returns, and nobody's later change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.errors import OutcomeUnknown, Refused
from engine.step import Done
from tests.adapters.vault import ITEM, NEW, Hand, VaultWorld, fingerprint


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def test_previous_value_returns_and_the_new_one_goes_to_history(world: VaultWorld) -> None:
    hand, old = Hand(world), world.vaultwarden.value(ITEM)
    done = hand.run(hand.params())

    undone = hand.undo(hand.params(), done.outputs)

    assert world.vaultwarden.value(ITEM) == old
    assert world.vaultwarden.history(ITEM) == [NEW.get_secret_value(), old]
    assert undone.fingerprint == fingerprint(SecretStr(old))
    assert undone.item == done.outputs.item


def test_undoing_twice_is_undoing_once(world: VaultWorld) -> None:
    hand = Hand(world)
    done = hand.run(hand.params())
    hand.undo(hand.params(), done.outputs)

    hand.undo(hand.params(), done.outputs)

    assert world.vaultwarden.writes == 2


def test_write_that_was_only_found_done_can_be_undone(world: VaultWorld) -> None:
    hand, old = Hand(world), world.vaultwarden.value(ITEM)
    world.faults.add("vaultwarden", "lost_reply", method="PUT", path="/api/ciphers/*")
    with pytest.raises(OutcomeUnknown):
        hand.run(hand.params())
    found = hand.probe(hand.params())
    assert isinstance(found, Done)

    hand.undo(hand.params(), found.outputs)

    assert world.vaultwarden.value(ITEM) == old


def test_a_value_too_long_for_the_history_comes_back_and_not_an_older_one(
    world: VaultWorld,
) -> None:
    hand, long_value = Hand(world), "x" * 6000
    first = hand.params()
    hand.undo(first, hand.run(first).outputs)  # the history now has two older values
    world.vaultwarden.edit_as_human(ITEM, long_value)
    params = hand.params(replaces=SecretStr(long_value))
    hand.run(params)  # and dies before it is recorded
    found = hand.probe(params)
    assert isinstance(found, Done)

    hand.undo(params, found.outputs)

    assert world.vaultwarden.value(ITEM) == long_value


def test_later_change_of_somebody_else_is_not_undone(world: VaultWorld) -> None:
    hand = Hand(world)
    done = hand.run(hand.params())
    world.vaultwarden.edit_as_human(ITEM, "typed by petra")

    with pytest.raises(Refused, match="was changed since, so nothing was put back"):
        hand.undo(hand.params(), done.outputs)
    assert world.vaultwarden.value(ITEM) == "typed by petra"


def test_created_item_goes_to_the_trash(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(at={"item": "Mistral API key"}, create=True)
    done = hand.run(params)

    hand.undo(params, done.outputs)
    hand.undo(params, done.outputs)

    assert "Mistral API key" not in world.vaultwarden.names()
    assert world.vaultwarden.counts()["trashed"] == 1
    assert "erased" not in world.vaultwarden.counts()


def test_created_item_that_somebody_took_over_stays(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(at={"item": "Mistral API key"}, create=True)
    done = hand.run(params)
    world.vaultwarden.edit_as_human("Mistral API key", "typed by petra")

    with pytest.raises(Refused, match="was changed since"):
        hand.undo(params, done.outputs)
    assert "Mistral API key" in world.vaultwarden.names()


def test_item_created_by_another_run_is_never_trashed(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(at={"item": "Mistral API key"}, create=True)
    hand.run(params, run="run-0")
    found = hand.probe(params, run="run-1")
    assert isinstance(found, Done)
    assert not found.outputs.created

    with pytest.raises(Refused, match="held before is not known"):
        hand.undo(params, found.outputs, run="run-1")
    assert "Mistral API key" in world.vaultwarden.names()


def test_field_that_was_empty_before_is_emptied_again(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(at={"field": "token"}, create=True)
    done = hand.run(params)

    undone = hand.undo(params, done.outputs)

    [field] = [f for f in world.vaultwarden.cipher(ITEM).fields or [] if f["value"] is None]
    assert field["type"] == 1
    assert undone.fingerprint == ""


def test_item_that_was_trashed_meanwhile_is_named(world: VaultWorld) -> None:
    hand = Hand(world)
    done = hand.run(hand.params())
    cipher = world.vaultwarden.cipher(ITEM)
    cipher.deleted_at = cipher.updated_at

    with pytest.raises(Refused, match="there is no item 'Anthropic API key'"):
        hand.undo(hand.params(), done.outputs)
