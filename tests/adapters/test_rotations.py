"""Each shipped rotation of a provider's key, from end to end on a sandbox, in spite of losses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from engine.job import prepared
from engine.ledger import Event
from engine.state import Outcome, Status
from sandbox.faults import DoubleName
from sandbox.stripe import expire
from sandbox.values import stripe_key
from tests.adapters.rotation import Rotation
from tests.ground import ground

MINTING = {
    "rotate-openrouter-key": "openrouter-api-key",
    "rotate-forgejo-token": "forgejo-sync-bot-token",
    "rotate-stripe-webhook-secret": "stripe-webhook-secret",
}


@pytest.fixture(params=MINTING)
def rotation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rotation]:
    """Each runbook that mints, begun."""
    with ground(tmp_path, MINTING[request.param]) as place:
        yield Rotation.on(place, request.param)


def double(rotation: Rotation) -> DoubleName:
    [name] = {
        name
        for step in rotation.plan.steps
        for name in get_args(DoubleName)
        if step.uses.startswith(f"{name}.mint")
    }
    found: DoubleName = name
    return found


def test_a_key_is_rotated_though_answers_are_lost_and_the_engine_dies(rotation: Rotation) -> None:
    ring, faults, before = rotation.ring, rotation.ground.world.faults, rotation.ring.states()
    rotation.sail_to("mint")
    rotation.decide("approve")
    job = rotation.job("mint")
    rotation.append(Event.STEP_STARTED, step="mint", key="mint")
    job.declared.run(*prepared(job))  # and dies before it is recorded
    rotation.resume()
    faults.add(double(rotation), "lost_reply", method="POST")
    faults.add(double(rotation), "lost_reply", method="DELETE", after=1)

    rotation.sail_to()

    assert rotation.outcome is Outcome.COMPLETED
    [made] = [key for key in ring.listing() if key.key_id not in {each["id"] for each in before}]
    assert all(rotation.holds(made.secret).values())
    assert ring.accepts(made.secret)
    assert not ring.accepts(rotation.ground.old)
    assert ring.created == 3
    assert len(ring.listing()) == len(before)
    assert rotation.ground.leaks(*rotation.told, str(rotation.entries)) == []


def test_what_fails_before_the_old_key_ends_is_taken_back_whole(rotation: Rotation) -> None:
    ring, before = rotation.ring, rotation.ring.states()
    rotation.sail_to("verify")
    rotation.ground.world.faults.add("vaultwarden", "status", path="/api/*", status=400, times=None)
    rotation.sail_to()
    rotation.ground.world.faults.clear()
    rotation.decide("roll back")

    rotation.sail_to()

    assert rotation.outcome is Outcome.ROLLED_BACK
    assert all(rotation.holds(rotation.ground.old).values())
    assert ring.states() == before
    undone = [entry.step for entry in rotation.entries if entry.event is Event.UNDO_SUCCEEDED]
    assert undone[-1] == "mint"


def test_a_key_is_rolled_by_hand_and_its_end_is_proven(tmp_path: Path) -> None:
    with ground(tmp_path, "stripe-api-key") as place:
        ring = place.world.stripe_keys
        rotation = Rotation.on(place, "rotate-stripe-api-key")
        rotation.brought = ring.create("website", stripe_key(), {}).secret
        rotation.hands = {"revoke": lambda world: expire(world.stripe_keys, place.old)}
        rotation.sail_to("revoke")
        assert ring.accepts(place.old)
        rotation.sail_to()

        assert rotation.outcome is Outcome.COMPLETED
        assert all(rotation.holds(rotation.brought).values())
        assert not ring.accepts(place.old)
        assert place.leaks(*rotation.told, str(rotation.entries)) == []


def test_a_client_secret_is_rotated_by_hand_with_evidence(tmp_path: Path) -> None:
    with ground(tmp_path, "psd2-client-secret") as place:
        rotation = Rotation.on(place, "rotate-psd2-client-secret")
        rotation.brought = "a-client-secret-from-the-portal-of-the-bank"
        rotation.sail_to()

        assert rotation.outcome is Outcome.COMPLETED
        assert all(rotation.holds(rotation.brought).values())
        assert rotation.state.step("revoke").outputs == {"evidence": "seen and agreed"}
        assert place.leaks(*rotation.told, str(rotation.entries)) == []
        assert rotation.brought not in str(rotation.entries)


def test_a_mint_that_never_ended_leaves_no_orphan_when_it_is_taken_back(tmp_path: Path) -> None:
    with ground(tmp_path, "openrouter-api-key") as place:
        rotation, ring = Rotation.on(place, "rotate-openrouter-key"), place.world.openrouter
        before = ring.states()
        place.world.faults.add("openrouter", "lost_reply", method="POST", times=None)
        rotation.sail_to()
        assert rotation.state.step("mint").status is Status.FAILED
        assert len(ring.states()) == len(before) + 1

        place.world.faults.clear()
        rotation.decide("roll back")
        rotation.sail_to()

        assert rotation.outcome is Outcome.ROLLED_BACK
        assert ring.states() == before
