"""Writing a value into the vault: once, and with all else preserved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.vaultwarden import VaultwardenSettings, steps
from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import Done, Effect, NotYet, Store
from sandbox.vaultwarden.crypto import Kdf
from sandbox.vaultwarden.seed import VaultOptions
from sandbox.world import World
from tests.adapters.vault import (
    ITEM,
    NEW,
    OWN_KEY_ITEM,
    Hand,
    VaultWorld,
    fingerprint,
    record_puts,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def stored(world: VaultWorld, name: str = ITEM) -> dict[str, Any]:
    """Everything of an item that must not change when its password does."""
    cipher = world.vaultwarden.cipher(name)
    login = {k: v for k, v in cipher.data.items() if k not in {"password", "passwordRevisionDate"}}
    return {
        "collections": list(cipher.collection_ids),
        "key": cipher.key,
        "name": cipher.name,
        "notes": cipher.notes,
        "fields": cipher.fields,
        "login": login,
        "reprompt": cipher.reprompt,
    }


def test_steps_are_offered_without_any_setting() -> None:
    by_name = {step.name: step for step in steps(VaultwardenSettings())}

    assert by_name.keys() == {
        "vaultwarden.set",
        "vaultwarden.read",
        "vaultwarden.matches",
        "vaultwarden.disable_user",
    }
    assert by_name["vaultwarden.set"].effect is Effect.STORE
    assert by_name["vaultwarden.set"].store is Store.MIRROR


@pytest.mark.parametrize("kdf", [Kdf(), Kdf.pbkdf2()], ids=["argon2id", "pbkdf2"])
@pytest.mark.parametrize("name", [ITEM, OWN_KEY_ITEM], ids=["organisation key", "own key"])
def test_value_is_written_and_all_else_is_preserved(tmp_path: Path, kdf: Kdf, name: str) -> None:
    with VaultWorld(tmp_path, VaultOptions(kdf=kdf)) as world:
        hand, old, before = Hand(world), world.vaultwarden.value(name), stored(world, name)
        params = hand.params(at={"item": name})

        assert isinstance(hand.probe(params), NotYet)
        done = hand.run(params)

        assert world.vaultwarden.value(name) == NEW.get_secret_value()
        assert world.vaultwarden.history(name) == [old]
        assert stored(world, name) == before
        assert world.vaultwarden.writes == 1
        assert done.outputs.previous.get_secret_value() == old
        assert isinstance(hand.probe(params), Done)


def test_what_is_found_instead_is_told_by_fingerprint(world: VaultWorld) -> None:
    hand = Hand(world)
    old = SecretStr(world.vaultwarden.value(ITEM))

    found = hand.probe(hand.params())

    assert isinstance(found, NotYet)
    assert f"holds {fingerprint(old)} instead" in found.finding


def test_outputs_and_evidence_name_item_revision_and_fingerprint(world: VaultWorld) -> None:
    hand = Hand(world)

    done = hand.run(hand.params())

    outputs, cipher = done.outputs, world.vaultwarden.cipher(ITEM)
    assert outputs.item == cipher.cipher_id
    assert outputs.fingerprint == fingerprint(NEW)
    assert outputs.revision == cipher.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert not outputs.created
    for word in (outputs.item, outputs.revision, outputs.fingerprint, "plana-staff"):
        assert word in done.evidence


def test_same_value_again_adds_no_history_and_no_write(world: VaultWorld) -> None:
    hand = Hand(world)
    first = hand.run(hand.params())

    again = hand.run(hand.params())

    assert world.vaultwarden.writes == 1
    assert len(world.vaultwarden.history(ITEM)) == 1
    assert again.outputs == first.outputs


def test_history_keeps_five_newest_first(world: VaultWorld) -> None:
    hand, old = Hand(world), world.vaultwarden.value(ITEM)
    for number in range(6):
        hand.run(hand.params(SecretStr(f"value-{number}")))

    assert world.vaultwarden.history(ITEM) == [f"value-{n}" for n in range(4, -1, -1)]
    assert old not in world.vaultwarden.history(ITEM)


def test_revision_of_the_password_is_set_and_the_read_revision_is_sent_verbatim(
    world: VaultWorld,
) -> None:
    hand, bodies = Hand(world), record_puts(world)
    before = world.vaultwarden.cipher(ITEM).updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    hand.run(hand.params())

    [body] = bodies
    assert body["lastKnownRevisionDate"] == before
    assert body["encryptedFor"] == world.vaultwarden.machine.user_id
    assert body["login"]["passwordRevisionDate"] == body["passwordHistory"][0]["lastUsedDate"]
    assert "uri" not in body["login"]
    assert not {"attachments", "collectionIds", "data", "edit", "permissions"} & set(body)
    assert world.vaultwarden.cipher(ITEM).data["passwordRevisionDate"]


def test_previous_value_is_known_even_after_the_reply_was_lost(world: VaultWorld) -> None:
    hand, old = Hand(world), world.vaultwarden.value(ITEM)
    world.faults.add("vaultwarden", "lost_reply", method="PUT", path="/api/ciphers/*")

    with pytest.raises(OutcomeUnknown):
        hand.run(hand.params())
    found = hand.probe(hand.params())

    assert isinstance(found, Done)
    assert found.outputs.previous.get_secret_value() == old
    assert world.vaultwarden.writes == 1
    assert len(world.vaultwarden.history(ITEM)) == 1


def test_lost_read_back_is_transient_and_the_next_look_finds_it_done(world: VaultWorld) -> None:
    hand = Hand(world)
    world.faults.add("vaultwarden", "drop", method="GET", path="/api/ciphers/*", after=1)

    with pytest.raises(Transient):
        hand.run(hand.params())

    assert isinstance(hand.probe(hand.params()), Done)


def test_half_an_answer_does_not_count(world: VaultWorld) -> None:
    world.faults.add("vaultwarden", "half_body", method="GET", path="/api/sync")
    hand = Hand(world)

    with pytest.raises(Transient):
        hand.probe(hand.params())


def test_item_we_may_only_read_is_not_written(world: VaultWorld) -> None:
    world.vaultwarden.set_read_only("plana-staff")

    with pytest.raises(Refused, match="may read item"):
        Hand(world).run(Hand(world).params())
    assert world.vaultwarden.writes == 0


def test_step_works_in_a_whole_sandbox_world(tmp_path: Path) -> None:
    with World.create(tmp_path / "world") as world:
        hand = Hand(world)
        assert "is there once" in hand.preflight()
        done = hand.run(hand.params())

        assert hand.probe(hand.params()) == done
        assert world.vaultwarden.value(ITEM) == NEW.get_secret_value()
