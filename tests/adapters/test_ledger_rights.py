"""On PostgreSQL the engine's role writes the ledger and cannot rewrite it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, inspect

import adapters.ledger
from adapters.ledger import LedgerSettings, SqlJournal, check
from adapters.ledger.addresses import address_of
from adapters.ledger.tables import METADATA
from engine.errors import LedgerDown, Refused
from engine.ledger import Draft, Event, verify
from sandbox.postgresql import Postgres

pytest_plugins = ["tests.postgres"]

SCRIPT = Path(adapters.ledger.__file__).parent / "postgres.sql"
PASSWORD = "open-sesame-4711"


@pytest.fixture
def role(postgres: Postgres, postgres_database: str) -> Iterator[str]:
    name = f"engine-of-{postgres_database}"
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    postgres.execute(postgres_database, create.format(sql.Identifier(name), PASSWORD))
    yield name
    for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
        postgres.execute(postgres_database, sql.SQL(statement).format(sql.Identifier(name)))


@pytest.fixture
def url(postgres: Postgres, postgres_database: str, role: str) -> str:
    """The least role's URL to tables somebody else made."""
    postgres.run_file(postgres_database, SCRIPT, engine=role)
    return postgres.url(postgres_database, role)


def test_the_whole_journal_works_with_the_least_rights(url: str) -> None:
    with SqlJournal(url) as journal:
        journal.append(
            Draft("r1", Event.RUN_STARTED, attempt=1), seal={"a": "one"}, hold=["secret/a"]
        )
        journal.append(Draft("r1", Event.STEP_STARTED, attempt=1), seal={"a": "two"})
        assert journal.holders() == {"secret/a": "r1"}
        journal.append(Draft("r1", Event.RUN_ENDED, attempt=1), end=True)
        assert journal.sealed("r1") == {}
        assert journal.holders() == {}
        assert verify(journal.entries()) == journal.entries()[-1].hash


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET details = '{}'",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "DROP TABLE entries",
        "ALTER TABLE entries ADD COLUMN more TEXT",
        "CREATE TABLE more (a INT)",
        "TRUNCATE sealed",
    ],
)
def test_the_role_cannot_rewrite_the_ledger(
    postgres: Postgres, postgres_database: str, role: str, url: str, statement: str
) -> None:
    with SqlJournal(url) as journal:
        entry = journal.append(Draft("r1", Event.RUN_STARTED, attempt=1))
        with pytest.raises(InsufficientPrivilege):
            postgres.execute(postgres_database, statement, role)
        assert journal.entries() == (entry,)


def test_the_script_may_run_again(
    postgres: Postgres, postgres_database: str, role: str, url: str
) -> None:
    with SqlJournal(url) as journal:
        journal.append(Draft("r1", Event.RUN_STARTED, attempt=1))
        postgres.run_file(postgres_database, SCRIPT, engine=role)
        assert journal.append(Draft("r1", Event.RUN_ENDED, attempt=1), end=True).sequence == 2


def test_the_script_makes_the_tables_the_store_makes(postgres: Postgres, url: str) -> None:
    with postgres.new_database() as other:
        own = postgres.url(other)
        with SqlJournal(own) as journal:
            journal.entries()
        assert shape_of(url) == shape_of(own)


def shape_of(url: str) -> dict[str, Any]:
    engine = create_engine(address_of(url))
    look = inspect(engine)
    shape = {
        name: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in look.get_columns(name)
            ],
            "key": look.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(it["column_names"] for it in look.get_unique_constraints(name)),
            "indexes": sorted(
                (it["name"] or "", it["column_names"]) for it in look.get_indexes(name)
            ),
        }
        for name in METADATA.tables
    }
    engine.dispose()
    return shape


def test_without_tables_and_rights_the_next_move_is_told(
    postgres: Postgres, postgres_database: str, role: str
) -> None:
    with (
        SqlJournal(postgres.url(postgres_database, role)) as journal,
        pytest.raises(LedgerDown) as caught,
    ):
        journal.append(Draft("r1", Event.RUN_STARTED, attempt=1))
    assert "adapters/ledger/postgres.sql" in caught.value.hint


def test_the_doctor_warns_of_a_role_that_may_rewrite(
    postgres: Postgres, postgres_database: str, url: str
) -> None:
    assert "may rewrite" not in check(LedgerSettings(url=url))
    owner = postgres.url(postgres_database)
    assert "may rewrite entries" in check(LedgerSettings(url=owner))


def test_the_password_comes_from_its_file(
    postgres: Postgres, role: str, url: str, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "wrong").write_text("open-barley-0815\n")
    asked = sql.SQL("GRANT {} TO {}").format(sql.Identifier(postgres.asked), sql.Identifier(role))
    postgres.execute("postgres", asked)
    given = LedgerSettings(url=url, password_file=tmp_path / "password")
    assert "0 entries on PostgreSQL" in check(given)
    with pytest.raises(LedgerDown) as caught:
        check(LedgerSettings(url=url, password_file=tmp_path / "wrong"))
    assert "password authentication failed" in caught.value.message
    assert "open-barley" not in str(caught.value)


def test_a_missing_password_file_is_refused(tmp_path: Path) -> None:
    settings = LedgerSettings(url="postgresql://olga@h/x", password_file=tmp_path / "absent")
    with pytest.raises(Refused, match="the ledger's password cannot be read"):
        check(settings)


def test_a_server_that_commits_without_syncing_is_told_to_sync(
    postgres: Postgres, postgres_database: str, role: str, url: str
) -> None:
    lazy = sql.SQL("ALTER ROLE {} SET synchronous_commit = off").format(sql.Identifier(role))
    postgres.execute(postgres_database, lazy)
    with SqlJournal(url) as journal, journal._database.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    with postgres.connect(postgres_database, role) as other:
        row = other.execute("SHOW synchronous_commit").fetchone()
    assert row == ("off",)
