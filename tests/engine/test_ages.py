from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.ages import Age, as_of

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
QUARTER = timedelta(days=90)


def test_a_value_is_due_when_it_is_as_old_as_it_may_be() -> None:
    young = Age("redis", NOW - timedelta(days=89), max_age=QUARTER)
    old = Age("redis", NOW - QUARTER, max_age=QUARTER)

    assert (young.is_due(NOW), young.due_in(NOW)) == (False, 86_400)
    assert (old.is_due(NOW), old.due_in(NOW)) == (True, 0)
    assert old.due_in(NOW + timedelta(seconds=5)) == -5


def test_what_is_not_known_is_not_due() -> None:
    assert not Age("redis", max_age=QUARTER).is_due(NOW)
    assert not Age("redis", NOW - QUARTER).is_due(NOW)
    assert Age("redis").seconds(NOW) is None
    assert Age("redis").due_in(NOW) is None


def test_a_commit_that_is_a_little_ahead_is_of_now() -> None:
    ahead = Age("redis", NOW + timedelta(hours=1), max_age=QUARTER)

    assert as_of([ahead], NOW) == (ahead,)
    assert ahead.seconds(NOW) == 0


def test_a_commit_of_a_day_that_is_yet_to_come_tells_no_age() -> None:
    wrong = Age("redis", NOW + timedelta(days=2), max_age=QUARTER)
    [seen] = as_of([wrong], NOW)

    assert (seen.since, seen.due, seen.max_age) == (None, None, QUARTER)
    assert seen.unknown == "its commit is dated 2026-11-28, which is yet to come"
    assert as_of([wrong], NOW + timedelta(days=1)) == (wrong,)
