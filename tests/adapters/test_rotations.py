"""Each shipped rotation that mints, in spite of losses; whole ways are cases of the runbooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from engine.job import prepared
from engine.ledger import Event
from engine.state import Outcome, Status
from sandbox.faults import DoubleName
from tests.adapters.rotation import Rotation
from tests.ground import ground

MINTING = {
    "rotate-openrouter-key": "openrouter-api-key",
    "rotate-forgejo-token": "forgejo-sync-bot-token",
    "rotate-stripe-webhook-secret": "stripe-webhook-secret",
    "rotate-exoscale-key": "exoscale-dns-secret",
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
