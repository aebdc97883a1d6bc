from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.ages import Age

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


def test_a_commit_from_the_future_is_of_now() -> None:
    assert Age("redis", NOW + timedelta(hours=1)).seconds(NOW) == 0
