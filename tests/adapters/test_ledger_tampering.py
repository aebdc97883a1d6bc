"""Whatever somebody else writes into the tables is found, or refused by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from adapters.ledger import SqlJournal
from adapters.ledger.addresses import address_of
from engine.errors import ChainBroken, LedgerDown
from engine.ledger import Draft, Event, verify

pytest_plugins = ["tests.postgres"]


@pytest.fixture
def journal(database_url: str) -> Iterator[SqlJournal]:
    with SqlJournal(database_url) as opened:
        yield opened


def step(run: str, **details: object) -> Draft:
    return Draft(run, Event.STEP_STARTED, step="store", attempt=1, details=details)


def checked(journal: SqlJournal, known_heads: Sequence[str] = ()) -> str:
    with closing(journal.stream()) as entries:
        return verify(entries, known_heads)


def execute(url: str, statement: str) -> None:
    engine = create_engine(address_of(url))
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "column",
    ["at", "run", "step", "attempt", "event", "actor", "plan", "details", "previous", "hash"],
)
def test_a_change_in_any_column_is_found(
    journal: SqlJournal, database_url: str, column: str
) -> None:
    for number in range(3):
        journal.append(step("r1", number=number))
    changed = {
        "attempt": "7",
        "event": "'step.succeeded'",
        "actor": "replace(actor, 'engine', 'anna')",
        "details": "replace(details, '1', '2')",
    }.get(column, "'changed'")
    execute(database_url, f"UPDATE entries SET {column} = {changed} WHERE sequence = 2")  # noqa: S608
    with pytest.raises(ChainBroken, match="entry 2 "):
        checked(journal)


@pytest.mark.parametrize(
    "details", ['{"number": 1}', '{"number":2,"number":1}', '{"number":1.0}', "{", ""]
)
def test_details_in_another_spelling_are_found(
    journal: SqlJournal, database_url: str, details: str
) -> None:
    journal.append(step("r1", number=1))
    escaped = details.replace(":", "\\:")
    execute(database_url, f"UPDATE entries SET details = '{escaped}'")  # noqa: S608
    with pytest.raises(ChainBroken, match="entry 1 was changed: its row"):
        checked(journal)


@pytest.mark.parametrize("sequence", [-1, 0])
def test_an_entry_before_the_first_is_found(
    journal: SqlJournal, database_url: str, sequence: int
) -> None:
    journal.append(step("r1"))
    copied = "at, run, step, attempt, event, actor, plan, details, 'p', 'h'"
    execute(database_url, f"INSERT INTO entries SELECT {sequence}, {copied} FROM entries")  # noqa: S608
    with pytest.raises(ChainBroken, match="entry 1 is missing"):
        checked(journal)


def test_a_removed_and_a_cut_entry_are_found(journal: SqlJournal, database_url: str) -> None:
    heads = [journal.append(step("r1")).hash for _ in range(4)]
    execute(database_url, "DELETE FROM entries WHERE sequence = 4")
    assert checked(journal) == heads[2]
    with pytest.raises(ChainBroken, match=heads[3][:16]):
        checked(journal, heads)
    execute(database_url, "DELETE FROM entries WHERE sequence = 2")
    with pytest.raises(ChainBroken, match="entry 2 is missing"):
        checked(journal)


@pytest.mark.parametrize("column", ["sequence", "previous", "hash"])
def test_the_database_refuses_a_fork(journal: SqlJournal, database_url: str, column: str) -> None:
    entry = journal.append(step("r1"))
    values = {"sequence": "2", "previous": "'p'", "hash": "'h'"} | {column: column}
    copied = f"{values['sequence']}, at, run, step, attempt, event, actor, plan, details"
    copied += f", {values['previous']}, {values['hash']}"
    with pytest.raises(Exception, match=r"(?i)unique"):
        execute(database_url, f"INSERT INTO entries SELECT {copied} FROM entries")  # noqa: S608
    assert journal.entries() == (entry,)


def test_tables_of_somebody_else_are_left_alone(database_url: str) -> None:
    execute(database_url, "CREATE TABLE entries (other INTEGER)")
    with SqlJournal(database_url) as journal, pytest.raises(LedgerDown) as caught:
        journal.append(step("r1"))
    assert "tables are not the ledger's" in caught.value.hint
