"""When somebody else writes to the same item: their change is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.errors import NotConverged, Refused, Transient
from engine.step import NotYet, Unclear
from sandbox.vaultwarden import crypto
from tests.adapters.vault import (
    ITEM,
    NEW,
    Hand,
    VaultWorld,
    fingerprint,
    interfere,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def edit(world: VaultWorld, value: str) -> None:
    """Change the item as a person does, well after it was last read."""
    world.clock.advance(60)
    world.vaultwarden.edit_as_human(ITEM, value)


def test_value_that_is_neither_old_nor_new_stops_the_step(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(replaces=SecretStr(world.vaultwarden.value(ITEM)))
    assert isinstance(hand.probe(params), NotYet)
    edit(world, "somebody else's rotation")

    found = hand.probe(params)
    assert isinstance(found, Unclear)
    assert "neither the old value" in found.because
    assert fingerprint(NEW) in found.because
    with pytest.raises(Refused, match="neither the old value"):
        hand.run(params)

    assert world.vaultwarden.value(ITEM) == "somebody else's rotation"
    assert world.vaultwarden.writes == 0


def test_expected_old_value_is_replaced(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(replaces=SecretStr(world.vaultwarden.value(ITEM)))

    hand.run(params)

    assert world.vaultwarden.value(ITEM) == NEW.get_secret_value()


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_human_edit_while_we_write_is_not_overwritten(world: VaultWorld, method: str) -> None:
    hand = Hand(world)
    interfere(world, method, lambda: edit(world, "typed by petra"))

    with pytest.raises(Refused, match="was changed by somebody else just now") as caught:
        hand.run(hand.params())

    assert caught.value.hint
    assert world.vaultwarden.value(ITEM) == "typed by petra"
    assert world.vaultwarden.writes == 0


def test_human_edit_of_another_part_while_we_write_survives(world: VaultWorld) -> None:
    hand, vault = Hand(world), world.vaultwarden
    notes = crypto.encrypt(vault.vault.organization_key, b"see the wiki")

    def annotate() -> None:
        cipher = vault.cipher(ITEM)
        cipher.notes, cipher.updated_at = notes, cipher.updated_at + timedelta(days=1)

    interfere(world, "PUT", annotate)
    hand.run(hand.params())

    assert vault.notes(ITEM) == "see the wiki"
    assert vault.value(ITEM) == NEW.get_secret_value()
    assert len(vault.history(ITEM)) == 1


def test_human_who_types_the_same_value_while_we_write_saves_us_the_work(world: VaultWorld) -> None:
    hand = Hand(world)
    interfere(world, "PUT", lambda: edit(world, NEW.get_secret_value()))

    hand.run(hand.params())

    assert world.vaultwarden.writes == 0
    assert len(world.vaultwarden.history(ITEM)) == 1


def test_item_that_never_stands_still_is_tried_again_later(world: VaultWorld) -> None:
    hand, vault = Hand(world), world.vaultwarden

    def touch() -> None:
        cipher = vault.cipher(ITEM)
        cipher.updated_at += timedelta(days=1)

    interfere(world, "PUT", touch, times=2)
    with pytest.raises(Transient, match="changed each time"):
        hand.run(hand.params())

    assert vault.writes == 0


def test_item_trashed_while_we_write_is_left_there(world: VaultWorld) -> None:
    hand, cipher = Hand(world), world.vaultwarden.cipher(ITEM)

    def trash() -> None:
        cipher.deleted_at = cipher.updated_at

    interfere(world, "GET", trash)
    with pytest.raises(Refused, match="moved to the trash just now"):
        hand.run(hand.params())


def test_value_that_reads_back_differently_is_not_converged(world: VaultWorld) -> None:
    hand = Hand(world)
    looks = count()

    def have_the_last_word() -> None:
        if next(looks):
            edit(world, "last word")

    interfere(world, "GET", have_the_last_word, times=2)

    with pytest.raises(NotConverged, match="gives back another"):
        hand.run(hand.params())


def test_empty_password_is_filled_even_if_another_was_expected(world: VaultWorld) -> None:
    hand = Hand(world)
    world.vaultwarden.cipher(ITEM).data["password"] = None
    params = hand.params(replaces=SecretStr("old"))

    found = hand.probe(params)
    assert isinstance(found, NotYet)
    assert "holds nothing" in found.finding
    done = hand.run(params)

    assert world.vaultwarden.value(ITEM) == NEW.get_secret_value()
    assert done.outputs.previous == SecretStr("")
