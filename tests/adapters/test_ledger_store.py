"""What the store promises, on both databases alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from adapters.ledger import SqlJournal
from adapters.ledger.addresses import address_of
from engine.errors import Fenced, Locked
from engine.journal import Journal
from engine.ledger import (
    FORMAT,
    GENESIS,
    Actor,
    Draft,
    Event,
    body,
    canonical,
    verify,
)
from engine.lines import read_lines, to_json

pytest_plugins = ["tests.postgres"]

ANNA = Actor("anna@example.org", "oidc", ("staff", "admins"), "ui")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def journal(database_url: str) -> Iterator[SqlJournal]:
    seconds = count()
    clock = lambda: START + timedelta(seconds=next(seconds))  # noqa: E731
    with SqlJournal(database_url, now=clock) as opened:
        yield opened


def started(run: str, attempt: int = 1, runbook: str = "rotate-the-key") -> Draft:
    return Draft(run, Event.RUN_STARTED, ANNA, attempt=attempt, details={"runbook": runbook})


def step(run: str, attempt: int = 1, **details: object) -> Draft:
    return Draft(run, Event.STEP_STARTED, step="store", attempt=attempt, details=details)


def ended(run: str, attempt: int = 1) -> Draft:
    return Draft(run, Event.RUN_ENDED, attempt=attempt)


def test_the_store_is_a_journal(journal: SqlJournal) -> None:
    kept: Journal = journal
    assert kept.entries() == ()
    assert kept.sealed("r1") == {}
    assert kept.holders() == {}


def test_entries_come_back_as_they_were_appended(journal: SqlJournal) -> None:
    details: dict[str, Any] = {
        "text": 'ä "quoted" \\ \n \u2028 \x00 😀',
        "list": [1, None, True, {"b": [], "a": {}}],
    }
    written = [
        journal.append(started("r1")),
        journal.append(Draft("r1", Event.STEP_STARTED, ANNA, "s", 1, "d" * 64, details)),
        journal.append(started("r2")),
    ]
    assert list(journal.entries()) == written
    assert list(journal.entries("r1")) == written[:2]
    assert list(journal.entries("r3")) == []
    assert list(journal.stream()) == written


def test_entries_are_numbered_timed_and_chained(journal: SqlJournal) -> None:
    first, second = journal.append(started("r1")), journal.append(step("r1"))
    assert (first.sequence, first.previous) == (1, GENESIS)
    assert first.at == "2026-03-01T12:00:00.000000Z"
    assert (second.sequence, second.previous) == (2, first.hash)
    assert second.at == "2026-03-01T12:00:01.000000Z"
    assert verify(journal.entries(), [first.hash]) == second.hash


def test_the_stored_bytes_are_those_that_were_hashed(
    journal: SqlJournal, database_url: str
) -> None:
    entry = journal.append(
        Draft("r1", Event.RUN_STARTED, ANNA, attempt=1, details={"b": "ä", "a": 1})
    )
    engine = create_engine(address_of(database_url))
    with engine.connect() as connection:
        row = connection.execute(text("SELECT actor, details FROM entries")).one()
    engine.dispose()
    hashed = FORMAT + canonical(body(entry))
    assert row.details == '{"a":1,"b":"ä"}'
    assert f'"details":{row.details},'.encode() in hashed
    assert f'"actor":{row.actor},'.encode() in hashed


def test_the_export_of_a_stored_ledger_verifies(journal: SqlJournal) -> None:
    journal.append(started("r1"))
    head = journal.append(step("r1", evidence="done")).hash
    lines = [f"{to_json(entry)}\n".encode() for entry in journal.stream()]
    assert verify(read_lines(lines)) == head
    assert list(read_lines(lines)) == list(journal.links())


def test_a_stream_crosses_its_batches(journal: SqlJournal) -> None:
    written = [journal.append(step("r1", number=number)) for number in range(520)]
    assert list(journal.stream()) == written


def test_a_stream_that_is_left_early_blocks_nobody(journal: SqlJournal) -> None:
    journal.append(started("r1"))
    journal.append(step("r1"))
    stream = journal.stream()
    assert next(stream).sequence == 1
    assert journal.append(step("r1")).sequence == 3
    stream.close()


def test_a_float_is_refused_and_nothing_is_kept(journal: SqlJournal) -> None:
    with pytest.raises(ValueError, match="no floats"):
        journal.append(step("r1", seconds=1.5), seal={"value": "armour"})
    assert journal.entries() == ()
    assert journal.sealed("r1") == {}


def test_a_new_object_goes_on_where_the_old_one_stopped(database_url: str) -> None:
    with SqlJournal(database_url) as first:
        head = first.append(started("r1"), seal={"value": "armour"}, hold=["secret/a"])
    with SqlJournal(database_url) as second:
        assert second.append(step("r1")).previous == head.hash
        assert second.sealed("r1") == {("", "value"): "armour"}
        assert second.holders() == {"secret/a": "r1"}


# --- fencing ---


def test_an_older_attempt_is_fenced(journal: SqlJournal) -> None:
    journal.append(started("r1"))
    journal.append(Draft("r1", Event.RUN_RESUMED, attempt=2))
    with pytest.raises(Fenced, match="run r1 is at attempt 2, and this is attempt 1"):
        journal.append(step("r1", attempt=1))
    assert journal.append(step("r1", attempt=2)).sequence == 3


def test_a_fenced_append_changes_nothing(journal: SqlJournal) -> None:
    journal.append(started("r1"), seal={"value": "old"}, hold=["secret/a"])
    journal.append(Draft("r1", Event.RUN_RESUMED, attempt=2))
    with pytest.raises(Fenced):
        journal.append(step("r1"), seal={"value": "new"}, hold=["secret/b"], end=True)
    assert journal.sealed("r1") == {("", "value"): "old"}
    assert journal.holders() == {"secret/a": "r1"}
    assert len(journal.entries()) == 2


@pytest.mark.parametrize("attempt", [0, 1, 3])
def test_a_run_is_picked_up_by_the_next_attempt_only(journal: SqlJournal, attempt: int) -> None:
    journal.append(started("r1"))
    with pytest.raises(Fenced, match=f"at attempt 1, so {attempt} cannot be the next"):
        journal.append(Draft("r1", Event.RUN_RESUMED, attempt=attempt))


@pytest.mark.parametrize("attempt", [0, 2])
def test_a_run_starts_with_its_first_attempt(journal: SqlJournal, attempt: int) -> None:
    with pytest.raises(Fenced, match="at attempt 0"):
        journal.append(started("r1", attempt))


def test_runs_do_not_fence_each_other(journal: SqlJournal) -> None:
    journal.append(started("r1"))
    journal.append(Draft("r1", Event.RUN_RESUMED, attempt=2))
    assert journal.append(started("r2")).sequence == 3


@pytest.mark.parametrize("run", ["", "r1"])
def test_an_export_is_never_fenced(journal: SqlJournal, run: str) -> None:
    journal.append(started("r1"))
    assert journal.append(Draft(run, Event.TRAIL_EXPORTED, ANNA)).attempt == 0


# --- holds ---


def test_the_second_run_on_a_resource_is_told_who_has_it(journal: SqlJournal) -> None:
    journal.append(started("r1"), hold=["secret/a", "sops/x.yaml"])
    with pytest.raises(Locked) as caught:
        journal.append(started("r2"), hold=["secret/b", "sops/x.yaml"])
    assert caught.value.message == (
        "sops/x.yaml is held by run r1 (rotate-the-key, started by anna@example.org)"
        " since 2026-03-01T12:00:00.000000Z"
    )
    assert caught.value.hint
    assert journal.entries("r2") == ()
    assert journal.holders() == {"secret/a": "r1", "sops/x.yaml": "r1"}


def test_a_run_may_take_again_what_it_holds(journal: SqlJournal) -> None:
    journal.append(started("r1"), hold=["secret/a"])
    journal.append(Draft("r1", Event.RUN_RESUMED, attempt=2), hold=["secret/a", "secret/b"])
    assert journal.holders() == {"secret/a": "r1", "secret/b": "r1"}
    with pytest.raises(Locked, match="since 2026-03-01T12:00:00"):
        journal.append(started("r2"), hold=["secret/a"])


def test_what_an_ended_run_held_is_free(journal: SqlJournal) -> None:
    journal.append(started("r1"), hold=["secret/a"])
    journal.append(started("r2"), hold=["secret/b"])
    journal.append(ended("r1"), end=True)
    assert journal.holders() == {"secret/b": "r2"}
    journal.append(started("r3"), hold=["secret/a"])
    assert journal.holders() == {"secret/a": "r3", "secret/b": "r2"}


# --- the drawer ---


def test_a_sealed_value_is_replaced_by_the_next_of_its_name(journal: SqlJournal) -> None:
    journal.append(step("r1"), seal={"value": "one", "id": "two"})
    journal.append(step("r1"), seal={"value": "three"})
    journal.append(Draft("r1", Event.STEP_STARTED, step="other", attempt=1), seal={"value": "four"})
    assert journal.sealed("r1") == {
        ("store", "value"): "three",
        ("store", "id"): "two",
        ("other", "value"): "four",
    }


def test_the_end_empties_the_drawer_of_its_run_only(journal: SqlJournal) -> None:
    journal.append(step("r1"), seal={"value": "one"})
    journal.append(step("r2"), seal={"value": "two"})
    journal.append(ended("r1"), end=True)
    assert journal.sealed("r1") == {}
    assert journal.sealed("r2") == {("store", "value"): "two"}


def test_a_sealed_value_is_nothing_to_the_same_step_of_another_run(journal: SqlJournal) -> None:
    journal.append(step("r1"), seal={"value": "one"})
    journal.append(step("r2"), seal={"value": "two"})
    assert journal.sealed("r1") == {("store", "value"): "one"}
    assert journal.sealed("r2") == {("store", "value"): "two"}
