"""A value that was moved is not a value that was replaced."""

from __future__ import annotations

from adapters.platform import Platform
from engine.ledger import Event
from engine.step import Done, NotYet
from tests.adapters import circle as made
from tests.adapters.circle import PULSE, Circle
from tests.adapters.exposures import MATOMO, REDIS, RUN, enter, found, leave, look, waive

MOVED = "infra/secrets/pulse.enc.yaml"
POOL = "infra/secrets/pool.enc.yaml"
FIRST, SECOND = (f'{POOL}#["pool"][{at}]' for at in (0, 1))
READERS = ("engine", "operator")


def test_values_whose_file_has_another_name_are_not_settled(
    circle: Circle, platform: Platform
) -> None:
    listed = {place: found(circle, platform)[place] for place in (REDIS, MATOMO)}
    leave(circle)
    circle.commit({PULSE: None, MOVED: circle.read(PULSE)})

    seen = look(platform, listed)

    assert isinstance(seen, NotYet)
    assert seen.finding == (
        f"2 of 2 values are not settled: redis-password (open), {MATOMO} (open)"
    )


def test_a_value_that_has_left_its_place_is_settled_by_a_completed_run_or_by_a_person(
    circle: Circle, platform: Platform
) -> None:
    listed = {place: found(circle, platform)[place] for place in (REDIS, MATOMO)}
    enter(platform, RUN, Event.RUN_STARTED, secret="")
    circle.commit({PULSE: None, MOVED: circle.lock({"redis": {"password": "r-2"}}, MOVED, READERS)})
    gone = look(platform, listed)
    hold = ["secret:redis-password"]
    enter(platform, "r2", Event.RUN_STARTED, hold=hold, secret="redis-password")
    enter(platform, "r2", Event.RUN_ENDED, end=True, outcome="completed")
    rotated = look(platform, listed)
    waive(platform, [MATOMO])

    assert isinstance(gone, NotYet)
    assert gone.finding.startswith("2 of 2 values are not settled")
    assert isinstance(rotated, NotYet)
    assert rotated.finding == f"1 of 2 values are not settled: {MATOMO} (open)"
    assert isinstance(look(platform, listed), Done)


def test_a_run_does_not_settle_what_stands_at_another_place(
    circle: Circle, platform: Platform
) -> None:
    listed = {REDIS: found(circle, platform)[REDIS]}
    enter(platform, RUN, Event.RUN_STARTED, secret="")
    other = {"cache": {"password": made.VALUES[PULSE]["redis"]["password"]}}
    circle.commit(
        {
            PULSE: circle.edited('["redis"]["password"]', "redis-value-2", PULSE),
            MOVED: circle.lock(other, MOVED, READERS),
        }
    )
    enter(platform, "r2", Event.RUN_STARTED, secret="redis-password")
    enter(platform, "r2", Event.RUN_ENDED, outcome="completed")

    assert isinstance(look(platform, listed), NotYet)


def test_what_moves_up_in_a_list_is_not_replaced(circle: Circle, platform: Platform) -> None:
    everyone = (*READERS, "leaver")
    circle.commit({POOL: circle.lock({"pool": ["pool-a", "pool-b"]}, POOL, everyone)})
    listed = {place: found(circle, platform)[place] for place in (FIRST, SECOND)}

    circle.commit({POOL: circle.lock({"pool": ["pool-b", "pool-c"]}, POOL, READERS)})
    moved = look(platform, listed)
    circle.commit({POOL: circle.lock({"pool": ["pool-c", "pool-d"]}, POOL, READERS)})
    replaced = look(platform, listed)

    assert isinstance(moved, NotYet)
    assert moved.finding == f"2 of 2 values are not settled: {FIRST} (open), {SECOND} (open)"
    assert isinstance(replaced, Done)
    assert replaced.outputs.done == 2


def test_a_value_is_found_in_a_file_of_another_form(circle: Circle, platform: Platform) -> None:
    listed = {MATOMO: found(circle, platform)[MATOMO]}
    held = made.VALUES[PULSE]["matomo"]["admin_password"]
    circle.commit(
        {
            PULSE: circle.edited('["matomo"]["admin_password"]', "matomo-value-2", PULSE),
            "app.env": circle.lock(f"MATOMO={held}\n", "app.env", READERS),
        }
    )

    moved = look(platform, listed)
    circle.commit({"app.env": circle.lock("MATOMO=matomo-value-2\n", "app.env", READERS)})

    assert isinstance(moved, NotYet)
    assert isinstance(look(platform, listed), Done)


def test_a_file_of_somebody_else_that_cannot_be_opened_stops_nothing(
    circle: Circle, platform: Platform
) -> None:
    listed = {MATOMO: found(circle, platform)[MATOMO]}
    circle.commit(
        {
            PULSE: circle.edited('["matomo"]["admin_password"]', "matomo-value-2", PULSE),
            MOVED: circle.lock({"their": {"own": "value"}}, MOVED, ("operator",)),
        }
    )

    assert isinstance(look(platform, listed), Done)


def test_values_of_a_file_that_became_several_documents_can_be_waived(
    circle: Circle, platform: Platform
) -> None:
    listed = {MATOMO: found(circle, platform)[MATOMO]}
    circle.commit({PULSE: circle.lock("a: a-1\n---\nb: b-1\n", PULSE, READERS)})

    seen = look(platform, listed)
    waive(platform, [MATOMO])

    assert isinstance(seen, NotYet)
    assert isinstance(look(platform, listed), Done)
