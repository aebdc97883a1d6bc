"""A worker's life is known by its beats; who was given up has one heir, and hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from adapters.ledger import SqlJournal
from adapters.ledger.workers import Worker, Workers

pytest_plugins = ["tests.postgres"]

POOL = "oncall"


@pytest.fixture
def workers(database_url: str) -> Iterator[Workers]:
    with SqlJournal(database_url) as journal:
        yield Workers(journal)


def find(workers: Workers, name: str) -> Worker:
    return next(each for each in workers.find(POOL) if each.name == name)


def test_a_beat_is_counted_for_the_life_that_goes_on(workers: Workers) -> None:
    life = workers.enter(POOL, "a", "host 1", 30)
    assert workers.beat(life)
    assert workers.beat(life)

    assert workers.find(POOL) == (Worker(POOL, "a", life, 2, 30, "host 1", ""),)
    assert workers.find("another") == ()


def test_a_new_life_ends_the_one_before_it_under_the_name(workers: Workers) -> None:
    before = workers.enter(POOL, "a", "host 1", 30)
    after = workers.enter(POOL, "a", "host 1", 30)

    assert not workers.beat(before)
    assert workers.beat(after)
    assert len(workers.find(POOL)) == 1


def test_who_was_given_up_hears_of_it_at_the_next_beat(workers: Workers) -> None:
    dead, heir = (workers.enter(POOL, name, "host", 30) for name in "ab")
    assert workers.inherit(find(workers, "a"), "b")

    assert not workers.beat(dead)
    assert workers.inherits(find(workers, "a"), "b", heir)
    workers.settled(find(workers, "a"), "b")
    assert not workers.beat(dead)
    assert [each.name for each in workers.find(POOL)] == ["b"]


def test_who_has_shown_life_since_it_was_seen_is_not_given_up(workers: Workers) -> None:
    life = workers.enter(POOL, "a", "host", 30)
    seen = find(workers, "a")
    assert workers.beat(life)

    assert not workers.inherit(seen, "b")
    assert workers.beat(life)


def test_of_many_that_would_inherit_one_does(workers: Workers) -> None:
    workers.enter(POOL, "a", "host", 30)
    dead, took = find(workers, "a"), []

    def ask(heir: str) -> None:
        if workers.inherit(dead, heir):
            took.append(heir)

    threads = [Thread(target=ask, args=(f"heir-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [find(workers, "a").heir] == took


def test_the_heir_of_an_heir_inherits_both(workers: Workers) -> None:
    lives = {name: workers.enter(POOL, name, "host", 30) for name in "abc"}
    workers.inherit(find(workers, "a"), "b")
    workers.inherit(find(workers, "b"), "c")

    assert not workers.inherits(find(workers, "a"), "b", lives["b"])
    assert workers.inherits(find(workers, "a"), "c", lives["c"])
    assert workers.inherits(find(workers, "b"), "c", lives["c"])


def test_a_name_that_is_back_is_its_own_heir(workers: Workers) -> None:
    workers.enter(POOL, "a", "host", 30)
    heir = workers.enter(POOL, "b", "host", 30)
    dead = find(workers, "a")
    workers.inherit(dead, "b")
    back = workers.enter(POOL, "a", "host", 30)

    assert not workers.inherits(dead, "b", heir)
    workers.settled(dead, "b")
    assert workers.beat(back)


def test_what_an_heir_that_leaves_was_to_inherit_waits_for_another(workers: Workers) -> None:
    workers.enter(POOL, "a", "host", 30)
    heir = workers.enter(POOL, "b", "host", 30)
    workers.inherit(find(workers, "a"), "b")
    workers.leave(heir)
    workers.enter(POOL, "c", "host", 30)

    assert [each.name for each in workers.find(POOL)] == ["a", "c"]
    assert workers.inherit(find(workers, "a"), "c")
