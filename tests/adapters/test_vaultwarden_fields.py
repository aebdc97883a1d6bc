"""Values outside the password: custom fields, notes, and items that are new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.shared import clock
from engine.errors import OutcomeUnknown, Refused, Unanswered
from engine.step import Done, NotYet
from tests.adapters.vault import (
    ITEM,
    NEW,
    Hand,
    VaultWorld,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def test_hidden_field_is_set_with_a_named_history_entry(world: VaultWorld) -> None:
    hand, old = Hand(world), world.vaultwarden.value(ITEM)
    params = hand.params(at={"field": "owner"})

    done = hand.run(params)

    assert world.vaultwarden.fields(ITEM) == {"owner": NEW.get_secret_value()}
    assert world.vaultwarden.history(ITEM) == ["owner: petra"]
    assert world.vaultwarden.value(ITEM) == old
    assert world.vaultwarden.cipher(ITEM).data["passwordRevisionDate"] is None
    assert done.outputs.previous.get_secret_value() == "petra"


def test_each_field_finds_its_own_previous_value_in_the_history(world: VaultWorld) -> None:
    hand, old = Hand(world), world.vaultwarden.value(ITEM)
    password, owner = hand.params(), hand.params(SecretStr("paul"), at={"field": "owner"})
    hand.run(password)
    hand.run(owner)

    first, second = hand.probe(password), hand.probe(owner)

    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert first.outputs.previous.get_secret_value() == old
    assert second.outputs.previous.get_secret_value() == "petra"


def test_notes_can_hold_the_value(world: VaultWorld) -> None:
    hand, before = Hand(world), world.vaultwarden.notes(ITEM)
    long_value = SecretStr("-----BEGIN PRIVATE KEY-----\n" + "x\n" * 3000)

    hand.run(hand.params(long_value, at={"field": "notes"}))

    assert world.vaultwarden.notes(ITEM) == long_value.get_secret_value()
    assert world.vaultwarden.history(ITEM) == [f"notes: {before}"]


def test_history_leaves_out_what_no_client_would_take(world: VaultWorld) -> None:
    hand = Hand(world)
    hand.run(hand.params(SecretStr("x" * 6000), at={"field": "notes"}))

    hand.run(hand.params(at={"field": "notes"}))

    assert len(world.vaultwarden.history(ITEM)) == 1


def test_notes_that_are_too_long_are_refused_in_words(world: VaultWorld) -> None:
    hand = Hand(world)

    with pytest.raises(Refused, match="too long for it once encrypted"):
        hand.run(hand.params(SecretStr("x" * 9000), at={"field": "notes"}))


def test_missing_field_is_refused_or_added(world: VaultWorld) -> None:
    hand = Hand(world)
    with pytest.raises(Refused, match="has no field 'ownr'") as caught:
        hand.run(hand.params(at={"field": "ownr"}))
    assert caught.value.hint == "Did you mean `owner`?"

    done = hand.run(hand.params(at={"field": "token"}, create=True))

    assert world.vaultwarden.fields(ITEM)["token"] == NEW.get_secret_value()
    assert world.vaultwarden.cipher(ITEM).fields[-1]["type"] == 1  # type: ignore[index]  # just set
    assert done.outputs.previous == SecretStr("")


def test_two_fields_of_one_name_are_refused(world: VaultWorld) -> None:
    cipher = world.vaultwarden.cipher(ITEM)
    cipher.fields = [*(cipher.fields or []), *(cipher.fields or [])]

    with pytest.raises(Refused, match="has 2 fields named 'owner'"):
        Hand(world).run(Hand(world).params(at={"field": "owner"}))


def test_item_is_created_only_when_asked_for(world: VaultWorld) -> None:
    hand = Hand(world)
    at = {"item": "Mistral API key", "username": "ai-agents"}
    with pytest.raises(Refused, match="there is no item 'Mistral API key'"):
        hand.probe(hand.params(at=at))
    params = hand.params(at=at, create=True)
    assert isinstance(hand.probe(params), NotYet)

    done = hand.run(params)

    assert world.vaultwarden.value("Mistral API key") == NEW.get_secret_value()
    assert world.vaultwarden.fields("Mistral API key") == {"created in run": "run-1"}
    assert done.outputs.created
    assert hand.probe(params) == done


def test_lost_reply_to_a_creation_does_not_create_twice(world: VaultWorld) -> None:
    hand = Hand(world)
    params = hand.params(at={"item": "Mistral API key"}, create=True)
    world.faults.add("vaultwarden", "lost_reply", method="POST", path="/api/ciphers/create")
    with pytest.raises(OutcomeUnknown):
        hand.run(params)

    found = hand.probe(params)

    assert isinstance(found, Done)
    assert found.outputs.created
    assert world.vaultwarden.counts()["creates"] == 1


def test_a_creation_that_may_come_late_is_looked_for_before_it_is_repeated(
    world: VaultWorld,
) -> None:
    hand = Hand(world)
    world.faults.add("vaultwarden", "status", status=504, path="/api/ciphers/create")

    with clock.hastened(shorter=1000, longer=1), pytest.raises(Unanswered):
        hand.run(hand.params(at={"item": "Mistral API key"}, create=True))

    assert world.layout.access_log.read_text().count("GET /api/sync") > 2
    assert "creates" not in world.vaultwarden.counts()


def test_created_item_can_hold_its_value_in_a_field_or_in_notes(world: VaultWorld) -> None:
    hand = Hand(world)
    for field in ("token", "notes"):
        hand.run(hand.params(at={"item": f"in {field}", "field": field}, create=True))

    assert world.vaultwarden.fields("in token")["token"] == NEW.get_secret_value()
    assert world.vaultwarden.notes("in notes") == NEW.get_secret_value()


def test_creation_in_a_read_only_collection_is_refused_by_the_server_in_words(
    world: VaultWorld,
) -> None:
    world.vaultwarden.set_read_only("plana-staff")

    with pytest.raises(Refused, match="does not let our account create an item in 'plana-staff'"):
        Hand(world).run(Hand(world).params(at={"item": "new"}, create=True))
