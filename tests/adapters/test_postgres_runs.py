"""Both rotations of PostgreSQL roles from start to end, cut off on the way, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.conclusion import Case
from engine.progress import may_roll_back, rollback_order
from sandbox.database import LOGINS, DatabaseServer
from tests.adapters.rotation import Rotation, open_rotation
from tests.crash.database import RULES, secrets_in

pytest_plugins = ["tests.postgres"]
pytestmark = pytest.mark.xdist_group("database")

ROLE, SHARED = "rotate-postgres-role", "rotate-postgres-shared-role"
EVENTS = "events-database-url"


@pytest.fixture(scope="module")
def server() -> Iterator[DatabaseServer]:
    from tests.postgres import require_programs, running_postgres  # noqa: PLC0415 - it is a plugin

    more = {"rules": RULES, "options": ("fsync=off",)}
    with running_postgres(require_programs(), **more) as made:
        yield DatabaseServer(str(made.folder))


@pytest.fixture
def rotation(tmp_path: Path, server: DatabaseServer) -> Iterator[Rotation]:
    with open_rotation(tmp_path, server) as found:
        yield found
        kept = b"".join(each.read_bytes() for each in tmp_path.glob("ledger.db*"))
        told = [each for each in secrets_in(found.values) if each.encode() in kept]
        assert found.values
        assert told == []


def locked(rotation: Rotation) -> list[bool]:
    assert rotation.world.database is not None
    states = rotation.world.database.states()
    return [not states[role][0] for role in LOGINS]


def test_two_roles_take_turns_however_often_a_run_is_cut_off(rotation: Rotation) -> None:
    first = rotation.begin(ROLE, secret=EVENTS)
    plan, (old,) = first.plan, rotation.everywhere(first.plan)

    rotation.resume_after(first, "set-password", "publish", "restart", "lock")

    (new,) = rotation.everywhere(plan)
    assert [rotation.lets_in(plan, value) for value in (old, new)] == [False, True]
    assert locked(rotation) == [True, False]
    assert rotation.concluded(plan).case is Case.SETTLED

    rotation.go_on(rotation.begin(ROLE, secret=EVENTS))

    (newest,) = rotation.everywhere(plan)
    assert [rotation.lets_in(plan, value) for value in (new, newest)] == [False, True]
    assert locked(rotation) == [False, True]


def test_before_the_lock_all_is_taken_back_and_the_new_role_rests_again(
    rotation: Rotation,
) -> None:
    voyage = rotation.begin(ROLE, secret=EVENTS)
    (old,) = rotation.everywhere(voyage.plan)
    rotation.go_on(voyage, until="stores-agree")
    (new,) = rotation.everywhere(voyage.plan)
    assert rotation.concluded(voyage.plan).revoke == LOGINS[0]

    order = rollback_order(voyage.plan, voyage.state(), voyage.desk.registry)
    assert [step.id for step in order][-3:] == ["reconcile", "restart", "set-password"]
    rotation.roll_back(voyage)

    assert rotation.everywhere(voyage.plan) == {old}
    assert [rotation.lets_in(voyage.plan, value) for value in (old, new)] == [True, False]
    assert locked(rotation) == [False, True]


def test_a_shared_role_goes_forward_only_and_all_its_consumers_with_it(
    rotation: Rotation,
) -> None:
    voyage = rotation.begin(SHARED)
    plan, (old,) = voyage.plan, rotation.everywhere(voyage.plan)
    assert may_roll_back(plan, voyage.state())
    rotation.go_on(voyage, until="mirrored")
    assert rotation.concluded(plan).case is Case.VAULT_AHEAD

    rotation.go_on(voyage, until="replace")

    assert not may_roll_back(plan, voyage.state())
    assert rotation.concluded(plan).case is Case.CUT_OVER
    rotation.resume_after(voyage, "publish", "restart-account", "restart-erp")

    (new,) = rotation.everywhere(plan)
    assert [rotation.lets_in(plan, value) for value in (old, new)] == [False, True]
    assert rotation.concluded(plan).case is Case.SETTLED


def test_a_cutover_that_was_cut_off_is_found_done(rotation: Rotation) -> None:
    voyage = rotation.begin(SHARED)

    rotation.resume_after(voyage, "replace")

    told = voyage.state().step("replace")
    assert told.status.value == "done"
    assert len(rotation.everywhere(voyage.plan)) == 1
