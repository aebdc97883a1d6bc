"""A shipped rotation that is taken back before it has come far, while its value is on its way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.ledger import Event
from engine.state import Outcome
from tests.adapters.rotation import Rotation
from tests.adapters.test_rotations_troubled import OTHER_RUN, are_let_in, failure
from tests.ground import ground


@pytest.fixture
def rotation(tmp_path: Path) -> Iterator[Rotation]:
    with ground(tmp_path, "openrouter-api-key") as place:
        yield Rotation.on(place, "rotate-openrouter-key")


@pytest.mark.parametrize("gate", ["reconcile", "restart"])
def test_pods_that_read_the_new_key_before_their_turn_get_the_old_one_back(
    rotation: Rotation, gate: str
) -> None:
    rotation.sail_to(gate)
    rotation.ground.world.cluster.reconcile_now()  # Flux looks at main by itself as well
    rotation.ground.restart(OTHER_RUN)
    assert not any(rotation.holds(rotation.ground.old).values())
    rotation.decide("reject", comment="not tonight")
    rotation.decide("roll back")

    rotation.sail_to()

    assert rotation.outcome is Outcome.ROLLED_BACK
    assert all(rotation.holds(rotation.ground.old).values())
    assert are_let_in(rotation)


def test_nothing_is_restarted_on_the_way_back_where_nothing_was_published(
    rotation: Rotation,
) -> None:
    rotation.sail_to("publish")
    rotation.ground.world.remote.break_pushes("refuse")
    rotation.decide("approve")
    rotation.make_move()
    assert failure(rotation)[0] == "publish"
    rotation.decide("roll back")
    rotation.ground.world.remote.break_pushes(None)

    rotation.sail_to()

    back = {e.step for e in rotation.entries if e.event is Event.UNDO_SUCCEEDED}
    assert rotation.outcome is Outcome.ROLLED_BACK
    assert back.isdisjoint({"reconcile", "arrived", "restart"})


def test_what_landed_on_main_is_taken_back_though_the_runs_branch_could_not_be_swept(
    rotation: Rotation,
) -> None:
    rotation.sail_to("publish")
    _deny_deletions(rotation, "true")
    rotation.decide("approve")
    rotation.make_move()
    assert failure(rotation)[0] == "publish"
    rotation.decide("roll back")
    _deny_deletions(rotation, "false")

    rotation.sail_to()

    assert rotation.outcome is Outcome.ROLLED_BACK
    assert all(rotation.holds(rotation.ground.old).values())
    assert are_let_in(rotation)
    assert set(rotation.ground.world.remote.branches()) == {"main"}


def _deny_deletions(rotation: Rotation, answer: str) -> None:
    folder = str(rotation.ground.world.layout.remote)
    command = ["git", "-C", folder, "config", "receive.denyDeletes", answer]
    subprocess.run(command, check=True)  # noqa: S603 - our own git
