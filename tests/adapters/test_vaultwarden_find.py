"""Finding the one item that people mean, before anything has happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import Refused
from tests.adapters.vault import ITEM, NEW, Hand, VaultWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def test_item_is_found_past_its_namesake_in_the_trash(world: VaultWorld) -> None:
    trashed = [c for c in world.vaultwarden.vault.ciphers.values() if c.deleted_at is not None]
    assert trashed

    said = Hand(world).preflight()

    assert world.vaultwarden.cipher(ITEM).cipher_id in said
    assert "can be written" in said


def test_trashed_item_does_not_count_as_there(world: VaultWorld) -> None:
    cipher = world.vaultwarden.cipher(ITEM)
    cipher.deleted_at = cipher.updated_at

    with pytest.raises(Refused, match="there is no item"):
        Hand(world).preflight()


def test_two_items_of_one_name_are_refused_with_their_ids(world: VaultWorld) -> None:
    first = world.vaultwarden.cipher(ITEM).cipher_id
    second = world.vaultwarden.add_duplicate(ITEM)

    with pytest.raises(Refused, match="2 items in 'plana-staff'") as caught:
        Hand(world).preflight()

    assert first in caught.value.message
    assert second in caught.value.message
    assert "Rename or delete one" in caught.value.hint


def test_item_id_tells_two_items_of_one_name_apart(world: VaultWorld) -> None:
    first = world.vaultwarden.cipher(ITEM)
    second = world.vaultwarden.add_duplicate(ITEM)
    hand = Hand(world)

    hand.run(hand.params(at={"item_id": second}))

    values = {
        c.cipher_id: world.vaultwarden.open_password(c) for c in world.vaultwarden.ciphers(ITEM)
    }
    assert values[second] == NEW.get_secret_value()
    assert values[first.cipher_id] != NEW.get_secret_value()


def test_item_id_and_name_must_agree(world: VaultWorld) -> None:
    other = world.vaultwarden.cipher("Redis password").cipher_id

    with pytest.raises(Refused, match="is named 'Redis password', not 'Anthropic API key'"):
        Hand(world).preflight(at={"item_id": other})
    with pytest.raises(Refused, match="no item with the id nope"):
        Hand(world).preflight(at={"item_id": "nope"})


@pytest.mark.parametrize("typed", ["anthropic api key", "Antropic API key", "Anthropic API key "])
def test_names_count_letter_by_letter_and_near_ones_are_shown(
    world: VaultWorld, typed: str
) -> None:
    with pytest.raises(Refused) as caught:
        Hand(world).preflight(at={"item": typed})

    assert "`Anthropic API key`" in caught.value.hint


def test_item_in_another_collection_is_pointed_to(world: VaultWorld) -> None:
    with pytest.raises(Refused) as caught:
        Hand(world).preflight(at={"item": "Exoscale API secret"})

    assert caught.value.hint == "It is in plana-admins."


def test_unlike_name_brings_the_way_to_create_it(world: VaultWorld) -> None:
    with pytest.raises(Refused) as caught:
        Hand(world).preflight(at={"item": "Zzz"})

    assert "create: true" in caught.value.hint


def test_item_that_will_be_created_passes(world: VaultWorld) -> None:
    assert "will be created" in Hand(world).preflight(at={"item": "Zzz"}, create=True)


def test_unknown_collection_is_refused_with_near_names(world: VaultWorld) -> None:
    with pytest.raises(Refused, match="no collection 'plana-staf'") as caught:
        Hand(world).preflight(at={"collection": "plana-staf"})

    assert caught.value.hint.startswith("Did you mean `plana-staff`")


def test_two_collections_of_one_name_are_refused(world: VaultWorld) -> None:
    staff, admins = (world.vaultwarden.vault.collections[i] for i in sorted_ids(world))
    admins.encrypted_name = staff.encrypted_name

    with pytest.raises(Refused, match="2 collections are named 'plana-staff'"):
        Hand(world).preflight()


def sorted_ids(world: VaultWorld) -> tuple[str, str]:
    ids = world.vaultwarden.collection_ids()
    return ids["plana-staff"], ids["plana-admins"]


def test_read_only_collection_is_refused(world: VaultWorld) -> None:
    world.vaultwarden.set_read_only("plana-staff")

    with pytest.raises(Refused, match="may read collection 'plana-staff' and not write"):
        Hand(world).preflight()
    assert "can be read" in Hand(world, "read").preflight()


def test_collection_that_hides_passwords_is_refused(world: VaultWorld) -> None:
    key = world.vaultwarden.collection_ids()["plana-staff"]
    world.vaultwarden.vault.collections[key].hide_passwords = True

    with pytest.raises(Refused, match="hides passwords"):
        Hand(world).preflight()
    with pytest.raises(Refused, match="hides passwords"):
        Hand(world, "read").preflight()


def test_item_under_an_unknown_key_neither_blocks_others_nor_is_doubled(world: VaultWorld) -> None:
    lost = world.vaultwarden.cipher("Redis password")
    lost.name = "7." + lost.name[2:]
    hand = Hand(world)

    assert "can be written" in hand.preflight()
    with pytest.raises(Refused, match="no readable item 'Redis password'") as caught:
        hand.preflight(at={"item": "Redis password"}, create=True)
    assert lost.cipher_id in caught.value.message


def test_item_that_is_no_login_has_no_password(world: VaultWorld) -> None:
    world.vaultwarden.cipher(ITEM).kind = 2

    with pytest.raises(Refused, match="is no login and has no password"):
        Hand(world).preflight()


def test_comparison_may_be_planned_for_an_item_that_is_yet_to_be_made(world: VaultWorld) -> None:
    assert "not there yet" in Hand(world, "matches").preflight(at={"item": "Zzz"})
    assert "can be read" in Hand(world, "matches").preflight()
    with pytest.raises(Refused, match="there is no item"):
        Hand(world, "read").preflight(at={"item": "Zzz"})
