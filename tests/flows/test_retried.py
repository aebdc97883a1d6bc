"""A run that is retried before the ledger has anything of it begins as its initiator's own, or not."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from engine.errors import Refused
from engine.ledger import SCHEDULE, Actor
from flows.moves import CANCEL, RESTART, RETRY, UNKNOWN, UNSIGNED
from flows.retried import Retried, retried_by
from gateway.identity import Identity
from tests.flows.test_moves import ANNA, OLGA, RUN, Scene

STARTER = Actor("olga", verified="oidc")
WORKER = Identity("worker-1", "token")
TAKEN = ("SCHEDULED", "PENDING", "RUNNING")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def retried(scene: Scene) -> Retried:
    found = looked_at(scene)
    assert found is not None
    return found


def looked_at(scene: Scene) -> Retried | None:
    run = FlowRun(id=RUN, flow_id=uuid4(), labels=scene.labels)
    return retried_by(scene.platform, run, reversed(scene.states))


@pytest.mark.parametrize("waits", [(), ("SCHEDULED",), ("SCHEDULED", "PENDING", "SCHEDULED")])
def test_a_run_that_is_taken_up_for_the_first_time_was_not_retried(
    scene: Scene, waits: tuple[str, ...]
) -> None:
    scene.goes(*waits, *TAKEN)

    assert looked_at(scene) is None


@pytest.mark.parametrize("between", [("CANCELLED",), ("CANCELLING", "CANCELLED")])
@pytest.mark.parametrize("who", [OLGA, ANNA, None])
def test_what_was_called_off_before_it_began_does_not_begin(
    scene: Scene, between: tuple[str, ...], who: Identity | None
) -> None:
    scene.goes("SCHEDULED")
    scene.signs(CANCEL, OLGA)
    scene.goes(*between)
    if who is not None:
        scene.signs(RETRY, who)
    scene.goes(*TAKEN)

    for starter in (STARTER, SCHEDULE):
        with pytest.raises(Refused, match="cancelled before it had begun"):
            retried(scene).refuse_unless_own(starter, takes_claims=True)


def test_a_failed_start_begins_when_its_own_initiator_retries_it(scene: Scene) -> None:
    scene.goes(*TAKEN, "FAILED")
    token = scene.signs(RETRY, OLGA)
    scene.goes(*TAKEN)
    again = retried(scene)

    again.refuse_unless_own(Actor(" Olga"), takes_claims=False)
    told = again.told()["retried"]
    assert (told["move"], told["subject"], told["verified"]) == ("retry", "olga", "oidc")
    assert told["token"] == token


@pytest.mark.parametrize("broken", ["FAILED", "CRASHED"])
@pytest.mark.parametrize("afterwards", [(), ("PENDING", "CRASHED", "SCHEDULED")])
def test_nobody_lets_a_run_begin_in_the_name_of_somebody_else(
    scene: Scene, broken: str, afterwards: tuple[str, ...]
) -> None:
    scene.goes(*TAKEN, broken)
    scene.signs(RETRY, ANNA)
    scene.goes("SCHEDULED", *afterwards)
    if afterwards:
        scene.signs(RESTART, WORKER, after=str(scene.states[-2].id))
    scene.goes("PENDING", "RUNNING")
    again = retried(scene)

    assert again.actor.subject == "anna"
    with pytest.raises(Refused, match="olga started this run, and anna retried it before"):
        again.refuse_unless_own(STARTER, takes_claims=True)
    again.refuse_unless_own(SCHEDULE, takes_claims=False)


@pytest.mark.parametrize("is_signed", [True, False])
def test_what_a_dead_worker_had_in_hand_goes_on_unasked(scene: Scene, *, is_signed: bool) -> None:
    scene.goes("SCHEDULED", "PENDING", "CRASHED")
    if is_signed:
        scene.signs(RESTART, WORKER)
    scene.goes(*TAKEN)
    again = retried(scene)

    again.refuse_unless_own(STARTER, takes_claims=False)
    told = again.told()["retried"]
    assert told["move"] == "restart"
    assert (told["subject"], "token" in told) == (
        ("worker-1" if is_signed else "unknown"),
        is_signed,
    )


def test_a_retry_that_nobody_signed_counts_only_where_claims_do(scene: Scene) -> None:
    scene.goes(*TAKEN, "FAILED", *TAKEN)
    again = retried(scene)

    assert (again.actor, again.proof) == (UNKNOWN, {"why": UNSIGNED})
    again.refuse_unless_own(STARTER, takes_claims=True)
    with pytest.raises(Refused, match="no signed word says by whom"):
        again.refuse_unless_own(STARTER, takes_claims=False)


def test_the_word_of_a_person_does_not_cover_a_later_retry_of_nobody(scene: Scene) -> None:
    scene.goes(*TAKEN, "FAILED")
    scene.signs(RETRY, OLGA)
    scene.goes(*TAKEN, "FAILED", *TAKEN)

    with pytest.raises(Refused, match="no signed word says by whom"):
        retried(scene).refuse_unless_own(STARTER, takes_claims=False)
