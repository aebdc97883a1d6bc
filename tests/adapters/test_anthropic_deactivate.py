"""Ending a key at the provider, and taking that back, against the double of the Admin API."""

from __future__ import annotations

import pytest

from engine.errors import Refused, Transient
from engine.step import Done, NotYet
from sandbox.world import World
from tests.adapters import infra, sky
from tests.adapters.console import (
    deactivate,
    old_key,
    status,
    step,
)


def test_the_old_key_is_made_inactive_while_the_new_one_stays(world: World) -> None:
    new = world.anthropic.create("new")

    done = deactivate(world, old_key(world), new.key_id)

    assert status(world, old_key(world)) == "inactive"
    assert status(world, new.key_id) == "active"
    assert (done.outputs.status, done.outputs.previous_status) == ("inactive", "active")
    assert world.anthropic.deactivations == 1


def test_probe_and_a_second_run_find_it_done(world: World) -> None:
    new, old = world.anthropic.create("new"), old_key(world)
    revoke = step(world, "deactivate_key")
    assert isinstance(sky.probe(revoke, key_id=old, keep=new.key_id), NotYet)

    deactivate(world, old, new.key_id)

    assert isinstance(sky.probe(revoke, key_id=old, keep=new.key_id), Done)
    assert deactivate(world, old, new.key_id).outputs.previous_status == "unknown"
    assert world.anthropic.deactivations == 1


def test_a_lost_answer_is_transient_and_done_at_the_next_look(world: World) -> None:
    new, old = world.anthropic.create("new"), old_key(world)
    world.faults.add("anthropic", "lost_reply", method="POST")

    sky.refusal(Transient, lambda: deactivate(world, old, new.key_id))

    assert isinstance(sky.probe(step(world, "deactivate_key"), key_id=old), Done)


@pytest.mark.parametrize("state", ["inactive", "archived"])
def test_a_key_to_keep_that_is_not_active_is_refused(world: World, state: str) -> None:
    new = world.anthropic.create("new")
    world.anthropic.update(new.key_id, status=state)

    error = sky.refusal(Refused, lambda: deactivate(world, old_key(world), new.key_id))

    assert state in error.message
    assert status(world, old_key(world)) == "active"


def test_the_key_to_keep_cannot_be_the_key_to_end(world: World) -> None:
    old = old_key(world)

    assert "both" in sky.refusal(Refused, lambda: deactivate(world, old, old)).message
    assert status(world, old) == "active"


def test_an_unknown_key_to_keep_is_refused(world: World) -> None:
    sky.refusal(Refused, lambda: deactivate(world, old_key(world), "apikey_nobody"))

    assert status(world, old_key(world)) == "active"


def test_the_last_active_key_is_never_ended(world: World) -> None:
    for key in world.anthropic.states():
        if key["id"] != old_key(world) and key["status"] == "active":
            world.anthropic.update(key["id"], status="inactive")

    error = sky.refusal(Refused, lambda: deactivate(world, old_key(world)))

    assert "last active key" in error.message
    assert status(world, old_key(world)) == "active"


def test_any_other_active_key_will_do_where_none_is_named(world: World) -> None:
    assert deactivate(world, old_key(world)).outputs.status == "inactive"


def test_an_unknown_key_is_refused_and_not_taken_for_dead(world: World) -> None:
    revoke = step(world, "deactivate_key")

    sky.refusal(Refused, lambda: sky.probe(revoke, key_id="apikey_nobody"))
    sky.refusal(Refused, lambda: deactivate(world, "apikey_nobody"))


def test_undo_makes_it_active_again(world: World) -> None:
    new, old = world.anthropic.create("new"), old_key(world)
    revoke = step(world, "deactivate_key")
    params = infra.params(revoke, key_id=old, keep=new.key_id)
    outputs = deactivate(world, old, new.key_id).outputs

    after = infra.undo(revoke, params, outputs, sky.called())

    assert status(world, old) == "active"
    assert (after.status, after.previous_status) == ("active", "inactive")


def test_undo_of_an_archived_key_is_refused(world: World) -> None:
    new, old = world.anthropic.create("new"), old_key(world)
    revoke = step(world, "deactivate_key")
    params = infra.params(revoke, key_id=old, keep=new.key_id)
    outputs = deactivate(world, old, new.key_id).outputs
    world.anthropic.update(old, status="archived")

    error = sky.refusal(Refused, lambda: infra.undo(revoke, params, outputs, sky.called()))

    assert "final" in error.message


def test_undo_leaves_a_key_alone_that_was_found_inactive(world: World) -> None:
    old = old_key(world)
    world.anthropic.update(old, status="inactive")
    revoke = step(world, "deactivate_key")
    found = sky.probe(revoke, key_id=old)
    assert isinstance(found, Done)

    params = infra.params(revoke, key_id=old)
    sky.refusal(Refused, lambda: infra.undo(revoke, params, found.outputs, sky.called()))

    assert status(world, old) == "inactive"
