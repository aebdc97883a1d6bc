"""Both rotations of PostgreSQL roles from start to end, cut off on the way, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.conclusion import Case
from engine.ledger import Event
from engine.progress import may_roll_back
from engine.state import Outcome, Status
from sandbox.database import LOGINS, DatabaseServer
from sandbox.postgresql import open_database_server
from sandbox.world import Options
from tests.adapters.rotation import REASON
from tests.adapters.turn import Turn
from tests.ground import Ground, ground

pytest_plugins = ["tests.postgres"]
pytestmark = pytest.mark.xdist_group("database")

ROLE, SHARED = "rotate-postgres-role", "rotate-postgres-shared-role"
EVENTS, PLANA = "events-database-url", "plana-postgres-password"


@pytest.fixture(scope="module")
def server() -> Iterator[DatabaseServer]:
    from tests.postgres import require_programs  # noqa: PLC0415 - it is a plugin

    require_programs()
    with open_database_server() as made:
        yield made


@pytest.fixture
def events(tmp_path: Path, server: DatabaseServer) -> Iterator[Ground]:
    with ground(tmp_path, EVENTS, Options(database=server)) as place:
        yield place


@pytest.fixture
def shared(tmp_path: Path, server: DatabaseServer) -> Iterator[Turn]:
    with ground(tmp_path, PLANA, Options(database=server)) as place:
        turn = Turn.on(place, SHARED)
        yield turn
        assert turn.leaks() == []


def begun(place: Ground, run: str = "run-1") -> Turn:
    return Turn.on(place, ROLE, {"secret": EVENTS, **REASON}, run)


def locked(place: Ground) -> list[bool]:
    assert place.world.database is not None
    states = place.world.database.states()
    return [not states[role][0] for role in LOGINS]


def test_two_roles_take_turns_though_the_run_is_cut_off_in_each_step(events: Ground) -> None:
    first, old = begun(events), events.old

    first.survive(*(step.id for step in first.plan.steps))

    (new,) = first.everywhere()
    assert first.outcome is Outcome.COMPLETED
    assert [first.lets_in(value) for value in (old, new)] == [False, True]
    assert locked(events) == [True, False]
    assert first.concluded().case is Case.SETTLED

    second = begun(events, "run-2")
    second.sail_to()

    (newest,) = second.everywhere()
    assert [second.lets_in(value) for value in (new, newest)] == [False, True]
    assert locked(events) == [False, True]
    assert [*first.leaks(), *second.leaks()] == []


def test_before_the_lock_all_is_taken_back_and_the_new_role_rests_again(events: Ground) -> None:
    turn, faults = begun(events), events.world.faults
    turn.sail_to("verify")
    (new,) = turn.everywhere()
    assert turn.concluded().revoke == LOGINS[0]
    faults.add("vaultwarden", "status", path="/api/*", status=400, times=None)
    turn.sail_to()
    faults.clear()
    turn.decide("roll back")

    turn.sail_to()

    assert turn.outcome is Outcome.ROLLED_BACK
    undone = [entry.step for entry in turn.entries if entry.event is Event.UNDO_SUCCEEDED]
    assert undone[-4:] == ["reconcile", "arrived", "restart", "set-password"]
    assert turn.everywhere() == {events.old}
    assert [turn.lets_in(value) for value in (events.old, new)] == [True, False]
    assert locked(events) == [False, True]
    assert turn.leaks() == []


def test_a_shared_role_goes_forward_only_and_all_its_consumers_with_it(shared: Turn) -> None:
    old = shared.ground.old
    shared.sail_to("replace")
    assert may_roll_back(shared.plan, shared.state)
    assert shared.concluded().case is Case.VAULT_AHEAD

    shared.sail_to("publish")

    assert not may_roll_back(shared.plan, shared.state)
    assert shared.concluded().case is Case.CUT_OVER
    steps = [step.id for step in shared.plan.steps]
    steps.remove("reconcile-erp")  # Flux has it from the reconcile before: found done, never begun
    shared.survive(*steps[steps.index("publish") :])

    (new,) = shared.everywhere()
    assert [shared.lets_in(value) for value in (old, new)] == [False, True]
    assert shared.concluded().case is Case.SETTLED


def test_a_cutover_that_was_cut_off_is_found_done(shared: Turn) -> None:
    steps = [step.id for step in shared.plan.steps]
    shared.survive(*steps[: steps.index("replace") + 1])

    events = [
        e.event for e in shared.entries if e.step == "replace" and e.event.value[:4] == "step"
    ]
    assert events == [Event.STEP_STARTED, Event.STEP_FOUND_DONE]
    assert shared.state.step("replace").status is Status.DONE
    assert len(shared.everywhere()) == 1
