"""A shipped rotation while others act on the same stores, workload and remote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.shared import clock
from engine.job import prepared
from engine.ledger import Event
from engine.state import Kind, Outcome, Status
from sandbox.layout import SOPS_FILE
from tests.adapters.rotation import Rotation
from tests.ground import ground

OTHER_RUN = "2f0c0000-0000-4000-8000-000000000002"


@pytest.fixture
def rotation(tmp_path: Path) -> Iterator[Rotation]:
    with ground(tmp_path, "openrouter-api-key") as place:
        yield Rotation.on(place, "rotate-openrouter-key")


def are_let_in(rotation: Rotation) -> bool:
    """Tell whether there are pods, and the provider accepts the key of each."""
    place = rotation.ground.entry.kubernetes
    assert place is not None
    assert isinstance(place.workload, str)
    pods = rotation.ground.world.cluster.pod_env(place.namespace, place.workload.partition("/")[2])
    return bool(pods) and all(rotation.ring.accepts(pod[place.key]) for pod in pods)


def failure(rotation: Rotation) -> tuple[str, str]:
    """Return the step at whose failure the run stands, and what is said of it."""
    opening = rotation.state.opening or rotation.open()
    assert opening.kind is Kind.FAILURE
    return opening.step, rotation.state.step(opening.step).error


def test_on_the_way_back_nothing_restarts_before_the_secret_has_the_old_value(
    rotation: Rotation,
) -> None:
    cluster = rotation.ground.world.cluster
    rotation.sail_to("disable")
    rotation.decide("reject", comment="the service misbehaves")
    rotation.decide("roll back")
    cluster.freeze_operator()
    with clock.hastened(shorter=100, longer=10):
        rotation.sail_to()

    step, told = failure(rotation)
    assert step == "arrived"
    assert "still holds" in told
    assert are_let_in(rotation)

    cluster.freeze_operator(is_frozen=False)
    cluster.reconcile_now()
    rotation.decide("retry")
    rotation.sail_to()

    assert rotation.outcome is Outcome.ROLLED_BACK
    assert all(rotation.holds(rotation.ground.old).values())
    assert are_let_in(rotation)


def test_nothing_is_revoked_after_a_colleague_took_the_value_off_main(rotation: Rotation) -> None:
    world = rotation.ground.world
    old = world.remote.file(SOPS_FILE)
    rotation.sail_to("disable")
    new = world.remote.file(SOPS_FILE)
    assert old is not None
    assert new is not None
    world.remote.commit({SOPS_FILE: old}, "Merge branch 'x' (theirs)")
    world.cluster.reconcile_now()
    rotation.sail_to()

    step, told = failure(rotation)
    assert step == "disable"
    assert "`sops` was done and does not hold any more: main holds" in told
    assert rotation.ring.accepts(rotation.ground.old)

    world.remote.commit({SOPS_FILE: new}, "Take the new value after all")
    world.cluster.reconcile_now()
    rotation.decide("retry")
    rotation.sail_to()

    assert rotation.outcome is Outcome.COMPLETED


def test_nothing_is_revoked_while_the_secret_in_the_cluster_has_gone_back(
    rotation: Rotation,
) -> None:
    cluster, place = rotation.ground.world.cluster, rotation.ground.entry.kubernetes
    assert place is not None
    rotation.sail_to("disable")
    new = cluster.secret(place.namespace, place.secret)[place.key]
    cluster.freeze_operator()
    cluster.edit_secret(place.namespace, place.secret, place.key, rotation.ground.old)
    rotation.sail_to()

    step, told = failure(rotation)
    assert step == "disable"
    assert "`arrived` was done and does not hold any more" in told
    assert rotation.ring.accepts(rotation.ground.old)

    cluster.edit_secret(place.namespace, place.secret, place.key, new)
    rotation.decide("retry")
    rotation.sail_to()

    assert rotation.outcome is Outcome.COMPLETED


def test_the_restart_of_another_run_does_not_undo_the_proof_of_ours(rotation: Rotation) -> None:
    rotation.sail_to("disable")
    rotation.ground.restart(OTHER_RUN)
    rotation.sail_to()

    assert rotation.outcome is Outcome.COMPLETED


def test_what_landed_though_the_step_failed_is_taken_back(rotation: Rotation) -> None:
    rotation.sail_to("publish")
    rotation.decide("approve")
    job = rotation.job("publish")
    rotation.append(Event.STEP_STARTED, step="publish", key=job.key)
    job.declared.run(*prepared(job))  # it lands, and no answer ever comes
    rotation.append(
        Event.STEP_FAILED, step="publish", error="Transient", message="-", hint="", unknown=True
    )
    assert rotation.ground.world.sops_value(rotation.ground.entry.sops.path) != rotation.ground.old

    rotation.decide("roll back")
    rotation.sail_to()

    assert rotation.state.step("publish").status is Status.UNDONE
    assert rotation.outcome is Outcome.ROLLED_BACK
    assert all(rotation.holds(rotation.ground.old).values())
