"""What a leaver could read, from a real history, and how each of it is followed to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.platform import Platform
from engine.errors import NotConverged, Refused
from engine.ledger import Event
from engine.step import Done, NotYet
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, OPERATOR_ONLY, PULSE, Circle
from tests.adapters.exposures import (
    CLIENT,
    LEGACY,
    MATOMO,
    REDIS,
    RUN,
    enter,
    found,
    leave,
    look,
    waive,
)


def test_all_they_could_read_is_listed_before_and_after_they_leave(
    circle: Circle, platform: Platform
) -> None:
    before = found(circle, platform)
    leave(circle)
    after = found(circle, platform)

    assert set(before) == set(after) == {REDIS, MATOMO, CLIENT, LEGACY}
    assert not any(place.startswith(OPERATOR_ONLY) for place in after)
    assert after == before
    assert (after[REDIS].secret, after[REDIS].runbook) == ("redis-password", "rotate-api-key")
    assert (after[MATOMO].secret, after[MATOMO].runbook) == ("", "")


def test_a_value_set_before_they_leave_is_theirs_and_one_set_afterwards_is_not(
    circle: Circle, platform: Platform
) -> None:
    circle.commit({PULSE: circle.edited('["matomo"]["admin_password"]', "matomo-value-2", PULSE)})
    newer = circle.head()
    leave(circle)
    circle.commit({PULSE: circle.edited('["redis"]["password"]', "redis-value-2", PULSE)})

    listed = found(circle, platform)

    assert set(listed) == {MATOMO, CLIENT, LEGACY}
    assert listed[MATOMO].since == newer


def test_what_nobody_can_tell_to_have_changed_is_theirs(circle: Circle, platform: Platform) -> None:
    """One commit took them out and let the engine in: no key of ours opens the version before."""
    readers = ("leaver", "operator")
    circle.commit({PULSE: circle.lock(made.VALUES[PULSE], PULSE, readers)})
    circle.commit({PULSE: circle.lock(made.VALUES[PULSE], PULSE, ("engine", "operator"))})

    assert {REDIS, MATOMO} <= set(found(circle, platform))


def test_what_main_has_no_more_is_listed_for_a_person_to_judge(
    circle: Circle, platform: Platform
) -> None:
    circle.commit({BANK: circle.lock({"bank": {"other": "other-1"}}, BANK, ("engine", "operator"))})

    listed = found(circle, platform)

    assert listed[CLIENT].mark == ""
    step = look(platform, {CLIENT: listed[CLIENT]})
    assert isinstance(step, NotYet)


def test_it_is_settled_when_each_is_replaced_or_waived_and_not_before(
    circle: Circle, platform: Platform
) -> None:
    listed = {place: each for place, each in found(circle, platform).items() if place != LEGACY}
    assert isinstance(look(platform, listed), NotYet)
    leave(circle)
    assert isinstance(look(platform, listed), NotYet), "a new data key is no new value"
    circle.commit({PULSE: circle.edited('["redis"]["password"]', "redis-value-2", PULSE)})
    circle.commit({BANK: circle.edited('["bank"]["client_secret"]', "bank-value-2", BANK)})

    left = look(platform, listed)
    assert isinstance(left, NotYet)
    assert left.finding == f"1 of 3 values are not settled: {MATOMO} (open)"
    waive(platform, [MATOMO])
    done = look(platform, listed)

    assert isinstance(done, Done)
    assert (done.outputs.done, done.outputs.waived) == (2, 1)


def test_a_waiver_of_another_offboarding_does_not_count(circle: Circle, platform: Platform) -> None:
    listed = {MATOMO: found(circle, platform)[MATOMO]}

    waive(platform, [MATOMO], "run-2")

    assert isinstance(look(platform, listed), NotYet)


def test_a_rotation_at_work_or_stopped_keeps_it_open(circle: Circle, platform: Platform) -> None:
    listed = {REDIS: found(circle, platform)[REDIS]}
    enter(platform, RUN, Event.RUN_STARTED, secret="")
    enter(
        platform, "r2", Event.RUN_STARTED, hold=["secret:redis-password"], secret="redis-password"
    )
    circle.commit({PULSE: circle.edited('["redis"]["password"]', "redis-value-2", PULSE)})

    working = look(platform, listed)
    enter(platform, "r2", Event.RUN_ENDED, end=True, outcome="stopped")
    stopped = look(platform, listed)
    enter(
        platform, "r3", Event.RUN_STARTED, hold=["secret:redis-password"], secret="redis-password"
    )
    enter(platform, "r3", Event.RUN_ENDED, end=True, outcome="completed")

    assert isinstance(working, NotYet)
    assert "redis-password (running)" in working.finding
    assert isinstance(stopped, NotYet)
    assert "redis-password (open)" in stopped.finding
    assert isinstance(look(platform, listed), Done)


def test_a_file_that_cannot_be_opened_settles_nothing(circle: Circle, platform: Platform) -> None:
    listed = found(circle, platform)
    circle.commit({PULSE: circle.lock(made.VALUES[PULSE], PULSE, ("operator", "leaver"))})

    with pytest.raises(Refused, match="cannot be opened"):
        look(platform, listed)


def test_each_rotation_is_opened_once_and_what_could_not_be_is_told(
    circle: Circle, platform: Platform
) -> None:
    step = platform.registry["exposure.open_rotations"]
    items = [*found(circle, platform).values()]
    asked: list[tuple[str, Mapping[str, Any], str]] = []

    def start(runbook: str, inputs: Mapping[str, Any], key: str) -> str:
        asked.append((runbook, inputs, key))
        return "a-run"

    given = world.params(step, items=items)
    done = step.run(given, world.call(RUN, about="nina", open_run=start)).outputs
    refused = step.run(given, world.call(RUN, about="nina")).outputs

    reason = "nina could read it and has left"
    inputs = {"secret": "redis-password", "reason": reason, "requested_by": "petra.ops"}
    assert asked == [("rotate-api-key", inputs, "run-1/sops/redis-password")]
    assert done.runs == {"redis-password": "a-run"}
    assert set(done.by_hand) == {MATOMO, CLIENT, LEGACY}
    assert refused.runs == {}
    assert refused.not_opened == ("redis-password: rotate-api-key cannot be started from here",)


def test_the_step_says_how_to_go_on(circle: Circle, platform: Platform) -> None:
    step = platform.registry["exposure.settled"]
    given = world.params(step, items=[*found(circle, platform).values()])

    with pytest.raises(NotConverged) as caught:
        step.run(given, world.call(RUN))

    assert "runbook exposure show run-1" in caught.value.hint


def test_what_any_of_their_keys_could_read_is_listed(circle: Circle, platform: Platform) -> None:
    step = circle.steps()["sops.add_reader"]
    newer = circle.recipient("newcomer")
    given = world.params(step, recipient=newer, rules=[r"infra/k8s/.*\.enc\.yaml$"])
    step.run(given, world.call())
    both = f"{circle.recipient('leaver')} {newer}"

    find = platform.registry["exposure.find"]
    done = find.run(world.params(find, recipients=both), world.call())
    none = find.run(world.params(find, recipients=""), world.call())

    token = f'{OPERATOR_ONLY}#["root"]["token"]'
    assert {each.place for each in done.outputs.items} == {REDIS, MATOMO, CLIENT, LEGACY, token}
    assert none.outputs.items == ()
    assert "no age key is said to be theirs" in none.evidence
