"""Stillness is measured by one clock, and only while somebody looks."""

from __future__ import annotations

from flows.worker.stillness import Stillness

MOST = 10.0


def _after(*looks: tuple[float, dict[str, int]]) -> Stillness[str]:
    known: Stillness[str] = Stillness()
    for now, seen in looks:
        known = known.look(seen, now, MOST)
    return known


def test_what_does_not_change_gets_stiller() -> None:
    known = _after((100, {"a": 1}), (105, {"a": 1}), (110, {"a": 1}))

    assert known.seconds("a") == 10


def test_what_changes_begins_anew() -> None:
    known = _after((100, {"a": 1}), (105, {"a": 2}), (109, {"a": 2}))

    assert known.seconds("a") == 4


def test_what_was_not_seen_for_a_look_begins_anew() -> None:
    known = _after((100, {"a": 1}), (105, {}), (109, {"a": 1}))

    assert known.seconds("a") == 0


def test_what_was_never_seen_is_not_still() -> None:
    assert _after((100, {"a": 1}), (105, {"a": 1})).seconds("b") == 0


def test_what_the_observer_slept_through_hardly_counts() -> None:
    known = _after((100, {"a": 1}), (105, {"a": 1}), (500, {"a": 1}), (502, {"a": 1}))

    assert known.seconds("a") == 5 + MOST + 2
