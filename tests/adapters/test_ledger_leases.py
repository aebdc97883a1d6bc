"""A lease is one run's alone, ends by itself, and tells a runner that outlived it apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from adapters.ledger import SqlJournal
from engine.errors import Fenced
from engine.ledger import Draft, Event

pytest_plugins = ["tests.postgres"]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_lease_is_one_runs_alone_until_it_is_given_back(database_url: str) -> None:
    with SqlJournal(database_url) as journal:
        number = journal.lease("branch:main", "one", seconds=60)

        assert number == 1
        assert journal.lease("branch:main", "two", seconds=60) is None
        assert journal.lease_holder("branch:main").startswith("run one has it until ")
        journal.give_back("branch:main", "one", number)
        assert journal.lease("branch:main", "two", seconds=60) == 2


def test_an_ended_lease_is_free_and_its_holder_is_fenced(database_url: str) -> None:
    clock = Clock()
    with SqlJournal(database_url, now=clock) as journal:
        journal.append(Draft("one", Event.RUN_STARTED, attempt=1))
        number = journal.lease("branch:main", "one", seconds=60)
        assert number is not None
        clock.now += timedelta(seconds=61)
        assert journal.lease("branch:main", "two", seconds=60) == 2

        with pytest.raises(Fenced, match="no longer has branch:main to itself"):
            journal.append(
                Draft("one", Event.STEP_SUCCEEDED, attempt=1), under={"branch:main": number}
            )
        journal.give_back("branch:main", "one", number)
        assert journal.lease("branch:main", "three", seconds=60) is None


def test_a_clock_that_steps_back_does_not_shorten_a_lease(database_url: str) -> None:
    clock = Clock()
    with SqlJournal(database_url, now=clock) as journal:
        journal.lease("branch:main", "one", seconds=60)
        clock.now -= timedelta(days=1)

        assert journal.lease("branch:main", "two", seconds=60) is None


def test_the_same_run_takes_its_lease_again_after_a_crash(database_url: str) -> None:
    with SqlJournal(database_url) as journal:
        first = journal.lease("branch:main", "one", seconds=60)

        assert first is not None
        assert journal.lease("branch:main", "one", seconds=60) == first + 1


def test_of_many_that_ask_at_once_one_gets_it(database_url: str) -> None:
    got: list[str] = []
    with SqlJournal(database_url) as journal:
        journal.lease_holder("branch:main")

        def ask(run: str) -> None:
            if journal.lease("branch:main", run, seconds=60) is not None:
                got.append(run)

        threads = [Thread(target=ask, args=(f"run-{n}",)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(got) == 1
