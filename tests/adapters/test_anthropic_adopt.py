"""A key that a person has made becomes the run's, and no other key does."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from adapters.shared.keys.adopting import AdoptedKey
from engine.errors import Refused
from sandbox.world import World
from tests.adapters import infra, sky
from tests.adapters.console import find, old_key, seen, status, step


def test_a_key_that_a_person_made_is_disabled_if_the_run_is_taken_back(world: World) -> None:
    before = seen(world)
    made = world.anthropic.create("by-a-person")
    declared, given = step(world, "adopt_key"), {"value": made.secret, **before}
    outputs = sky.run(declared, **given).outputs
    assert outputs.key_id == made.key_id
    assert status(world, made.key_id) == "active"
    assert callable(declared.undo)

    for _ in range(2):
        undone = declared.undo(infra.params(declared, **given), outputs, sky.called())
        assert undone.status == "inactive"
    assert status(world, made.key_id) == "inactive"
    assert status(world, old_key(world)) == "active"


def test_the_key_in_force_is_not_adopted_and_never_disabled(world: World) -> None:
    declared = step(world, "adopt_key")
    given = {"value": sky.MARKER, **seen(world)}
    found = _as_adopted(find(world).outputs)
    assert callable(declared.undo)

    for act in (
        lambda: sky.run(declared, **given),
        lambda: declared.undo(infra.params(declared, **given), found, sky.called()),
    ):
        assert "must be another" in sky.refusal(Refused, act).message
    assert status(world, old_key(world)) == "active"


def test_a_key_that_was_there_before_the_run_is_not_adopted_and_never_disabled(
    world: World,
) -> None:
    other = next(key for key in world.anthropic.listing() if key.name == "plana-ci-evals")
    declared = step(world, "adopt_key")
    given = {"value": other.secret, **seen(world)}
    found = _as_adopted(find(world, other.secret).outputs)
    assert callable(declared.undo)

    for act in (
        lambda: sky.run(declared, **given),
        lambda: declared.undo(infra.params(declared, **given), found, sky.called()),
    ):
        told = sky.refusal(Refused, act)
        assert f"{other.key_id} (plana-ci-evals) was there before this run" in told.message
        assert "make a key when the run asks for it" in told.hint
        assert other.secret not in told.message
    assert status(world, other.key_id) == "active"


def test_a_run_that_is_resumed_adopts_the_same_key_however_the_clocks_go(world: World) -> None:
    before = seen(world)
    world.clock.advance(-3600)
    made = world.anthropic.create("by-a-person")
    given = {"value": made.secret, **before}

    for attempt in (1, 2):
        done = sky.run(step(world, "adopt_key"), sky.called(attempt=attempt), **given)
        assert done.outputs.key_id == made.key_id


def test_a_list_of_keys_without_the_one_in_force_proves_nothing(world: World) -> None:
    made = world.anthropic.create("by-a-person")
    given = {"value": made.secret, "old": old_key(world), "seen": ()}

    told = sky.refusal(Refused, lambda: sky.run(step(world, "adopt_key"), **given))

    assert "`seen`" in told.hint


def test_a_key_that_ends_by_itself_is_told_and_refused_where_it_ends_soon(world: World) -> None:
    before, declared = seen(world), step(world, "adopt_key")
    for days, made in (
        (days, world.anthropic.create(f"for {days} days", timedelta(days=days))) for days in (3, 60)
    ):
        given = {"value": made.secret, **before}
        ends = made.describe()["expires_at"]
        if days == 60:
            done = sky.run(declared, **given)
            assert done.outputs.ends == ends
            assert f"it ends by itself at {ends}" in done.evidence
            given["days"] = 90
        told = sky.refusal(Refused, partial(sky.run, declared, **given))
        assert f"ends by itself at {ends}, in less than {given.get('days', 7)} days" in told.message


def test_a_key_that_does_not_end_by_itself_says_nothing_of_an_end(world: World) -> None:
    before = seen(world)
    given = {"value": world.anthropic.create("by-a-person").secret, **before}

    done = sky.run(step(world, "adopt_key"), **given)

    assert done.outputs.ends == ""
    assert "ends by itself" not in done.evidence


def _as_adopted(found: Any) -> AdoptedKey:
    """Return what an adoption of this key would have put out."""
    return AdoptedKey(key_id=found.key_id, key_name=found.key_name, status=found.status)
