"""What a leaver could read and is easily left out: half done rotations, and files in other forms."""

from __future__ import annotations

import pytest

from adapters.platform import Platform
from engine.ledger import Event
from engine.step import Done, NotYet
from tests.adapters.circle import PULSE, Circle
from tests.adapters.exposures import MATOMO, REDIS, RUN, enter, found, leave, look, waive

REDIS_SET = '["redis"]["password"]'


@pytest.mark.parametrize("outcome", ["stopped", "rejected"])
def test_a_value_whose_rotation_is_half_done_is_listed_until_that_is_completed(
    circle: Circle, platform: Platform, outcome: str
) -> None:
    """The run has no branch yet when they are taken out, and publishes before the list is made."""
    start(platform)
    leave(circle)
    circle.commit({PULSE: circle.edited(REDIS_SET, "redis-value-2", PULSE)})

    listed = {REDIS: found(circle, platform)[REDIS]}
    working = look(platform, listed)
    enter(platform, "r2", Event.RUN_ENDED, end=True, outcome=outcome)
    ended = look(platform, listed)

    assert listed[REDIS].runbook == "rotate-api-key"
    assert isinstance(working, NotYet)
    assert "redis-password (running)" in working.finding
    assert isinstance(ended, NotYet)
    assert "redis-password (open)" in ended.finding
    assert REDIS in found(circle, platform), "nor is it left out once the run has ended like that"


def start(platform: Platform) -> None:
    """Start a rotation, and then the offboarding."""
    hold = ["secret:redis-password"]
    enter(platform, "r2", Event.RUN_STARTED, hold=hold, secret="redis-password")
    enter(platform, RUN, Event.RUN_STARTED, secret="")


def test_a_value_whose_rotation_completes_is_settled_by_it(
    circle: Circle, platform: Platform
) -> None:
    start(platform)
    leave(circle)
    circle.commit({PULSE: circle.edited(REDIS_SET, "redis-value-2", PULSE)})
    listed = {REDIS: found(circle, platform)[REDIS]}

    enter(platform, "r2", Event.RUN_ENDED, end=True, outcome="completed")

    assert isinstance(look(platform, listed), Done)
    assert REDIS not in found(circle, platform)


def test_a_rotation_that_was_live_before_and_stops_after_the_list_keeps_the_value_open(
    circle: Circle, platform: Platform
) -> None:
    start(platform)
    leave(circle)
    listed = {REDIS: found(circle, platform)[REDIS]}

    circle.commit({PULSE: circle.edited(REDIS_SET, "redis-value-2", PULSE)})
    enter(platform, "r2", Event.RUN_ENDED, end=True, outcome="stopped")

    assert isinstance(look(platform, listed), NotYet)


def test_a_value_that_main_holds_again_is_theirs(circle: Circle, platform: Platform) -> None:
    leave(circle)
    circle.commit({PULSE: circle.edited('["matomo"]["admin_password"]', "matomo-value-2", PULSE)})
    assert MATOMO not in found(circle, platform)
    again = circle.edited('["matomo"]["admin_password"]', "matomo-value-1", PULSE)
    circle.commit({PULSE: again})

    listed = found(circle, platform)

    assert listed[MATOMO].since == circle.head()
    assert isinstance(look(platform, {MATOMO: listed[MATOMO]}), NotYet)


@pytest.mark.parametrize(
    ("file", "clear"),
    [
        ("app.env", "TOKEN=env-value-1\n"),
        ("app.ini", "[app]\ntoken = ini-value-1\n"),
        ("app.txt", "text-value-1\n"),
        ("two.yaml", "token: yaml-value-1\n---\ntoken: yaml-value-2\n"),
    ],
)
def test_a_file_in_another_form_is_listed_as_a_whole_for_a_person_to_judge(
    circle: Circle, platform: Platform, file: str, clear: str
) -> None:
    circle.commit({file: circle.lock(clear, file, ("engine", "operator", "leaver"))})
    circle.commit({file: circle.rewrapped(file, rotates=True)})
    leave(circle)

    whole = found(circle, platform)[f"{file}#*"]
    seen = look(platform, {whole.place: whole})
    waive(platform, [whole.place])

    assert (whole.mark, whole.secret) == ("", "")
    assert isinstance(seen, NotYet)
    assert isinstance(look(platform, {whole.place: whole}), Done)


def test_a_file_in_another_form_that_was_converted_is_listed_all_the_same(
    circle: Circle, platform: Platform
) -> None:
    circle.commit({"app.env": circle.lock("TOKEN=env-value-1\n", "app.env", ("leaver", "engine"))})
    new = circle.lock(
        {"token": "env-value-1"}, "infra/secrets/app.enc.yaml", ("engine", "operator")
    )
    circle.commit({"app.env": None, "infra/secrets/app.enc.yaml": new})

    assert found(circle, platform)["app.env#*"].since == ""


def test_a_page_that_speaks_of_them_is_no_file_they_could_read(
    circle: Circle, platform: Platform
) -> None:
    page = f"ENC[AES256_GCM,data:...] is for {circle.recipient('leaver')}\n"
    circle.commit({"page.md": page.encode()})

    assert not any(place.startswith("page.md") for place in found(circle, platform))
