"""A ledger that cannot write says so, in words, and is used again when it is back."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy.exc import OperationalError

from adapters.ledger import LedgerSettings, SqlJournal, check, open_journal
from adapters.ledger.addresses import address_of
from adapters.ledger.failures import ledger_down
from engine.errors import LedgerDown, Refused
from engine.ledger import Draft, Event
from sandbox.postgresql import Postgres

pytest_plugins = ["tests.postgres"]

ROOT = Path(__file__).parents[2]
DRAFT = Draft("r1", Event.STEP_STARTED, attempt=1, details={"text": "x" * 100})
PASSWORD = "open-sesame-4711"


def failure_of(url: str, patience: float = 10) -> LedgerDown:
    with SqlJournal(url, patience=patience) as journal, pytest.raises(LedgerDown) as caught:
        journal.append(DRAFT, seal={"value": "the-armour"})
    assert caught.value.hint.endswith(".")
    assert caught.value.__suppress_context__
    assert "the-armour" not in str(caught.value)
    return caught.value


# --- PostgreSQL ---


def test_a_stopped_database_is_told_and_used_again_when_it_is_back(
    postgres: Postgres, postgres_database: str
) -> None:
    with SqlJournal(postgres.url(postgres_database)) as journal:
        first = journal.append(DRAFT)
        postgres.stop()
        try:
            with pytest.raises(LedgerDown) as caught:
                journal.append(DRAFT)
            with pytest.raises(LedgerDown):
                journal.entries()
        finally:
            postgres.start()
        assert "Check that the database is up" in caught.value.hint
        assert journal.append(DRAFT).previous == first.hash


def test_a_restart_between_two_appends_goes_unnoticed(
    postgres: Postgres, postgres_database: str
) -> None:
    with SqlJournal(postgres.url(postgres_database)) as journal:
        journal.append(DRAFT)
        postgres.stop()
        postgres.start()
        assert journal.append(DRAFT).sequence == 2


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://olga:{PASSWORD}@/ledger?host=/nowhere",
        f"postgresql://olga@/ledger?host=/nowhere&password={PASSWORD}",
        f"postgresql://olga:{PASSWORD}@127.0.0.1:1/ledger",
    ],
)
def test_a_failure_does_not_tell_the_password(url: str) -> None:
    down = failure_of(url)
    assert "/ledger failed: " in down.message
    assert PASSWORD not in f"{down}{down!r}"


def test_a_password_the_database_repeats_is_struck_out() -> None:
    address = address_of(f"postgresql://olga:{PASSWORD}@h/ledger?sslpassword=second-one")
    said = OperationalError("INSERT", {}, Exception(f"bad {PASSWORD} and second-one\nand the row"))
    assert ledger_down(address, said).message == "the ledger at h/ledger failed: bad *** and ***"


def test_a_missing_database_is_told(postgres: Postgres) -> None:
    down = failure_of(postgres.url("absent"))
    assert 'database "absent" does not exist' in down.message


def test_a_database_that_takes_no_writes_is_told(
    postgres: Postgres, postgres_database: str
) -> None:
    read_only = "ALTER DATABASE {} SET default_transaction_read_only = on"
    name = sql.Identifier(postgres_database)
    postgres.execute(postgres_database, sql.SQL(read_only).format(name))
    assert "takes no writes" in failure_of(postgres.url(postgres_database)).hint


def test_a_writer_that_waits_too_long_for_its_turn_is_told(
    postgres: Postgres, postgres_database: str
) -> None:
    url = postgres.url(postgres_database)
    with SqlJournal(url) as journal:
        journal.append(DRAFT)
    with postgres.connect(postgres_database) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [int.from_bytes(b"runbook")])
        assert "Another writer kept the ledger" in failure_of(url, patience=0.2).hint
        with SqlJournal(url) as reader:
            assert len(reader.entries()) == 1


# --- SQLite ---


def test_a_file_somebody_else_keeps_locked_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with SqlJournal(url) as journal:
        journal.append(DRAFT)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked too long" in failure_of(url, patience=0.2).hint
        with SqlJournal(url) as reader:
            assert len(reader.entries()) == 1
        other.execute("ROLLBACK")


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    down = failure_of(f"sqlite:///{tmp_path}/absent/ledger.db")
    assert down.message.endswith("/absent/ledger.db failed: no such file or directory")
    assert not (tmp_path / "absent").exists()


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("a letter to a friend\n" * 100)
    assert "no SQLite database" in failure_of(f"sqlite:///{tmp_path}/ledger.db").hint
    assert (tmp_path / "ledger.db").read_text().startswith("a letter")


def test_a_ledger_on_a_read_only_disk_is_read_and_not_written(tmp_path: Path) -> None:
    with SqlJournal(f"sqlite:///{tmp_path}/ledger.db") as journal:
        written = journal.append(DRAFT)
    url = f"sqlite:///file:{tmp_path}/ledger.db?mode=ro&uri=true"
    with SqlJournal(url) as journal:
        assert list(journal.stream()) == [written]
    assert "writable" in failure_of(url).hint


FILL_THE_DISK = (
    "from tests.adapters.test_ledger_failures import fill_the_disk; import sys; "
    "print(fill_the_disk(*sys.argv[1:]))"
)


def fill_the_disk(url: str) -> str:
    """Append until no file may grow any more; return how far it went and what was said."""
    with SqlJournal(url) as journal:
        last = journal.append(DRAFT)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        while True:
            try:
                last = journal.append(DRAFT)
            except LedgerDown as down:
                return f"{last.sequence}|{down.hint}"


def test_a_full_disk_is_told_and_keeps_what_was_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    told = subprocess.run(  # noqa: S603 - this very interpreter with a text of this file
        [sys.executable, "-c", FILL_THE_DISK, url],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    last, hint = told.stdout.strip().split("|")
    assert "full" in hint
    with SqlJournal(url) as journal:
        assert len(journal.entries()) == int(last)
        assert journal.append(DRAFT).sequence == int(last) + 1


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with SqlJournal(f"sqlite:///{tmp_path}/ledger.db") as journal:
        journal.append(DRAFT)
        modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {0o600}


def test_a_commit_is_synced_to_the_disk(tmp_path: Path) -> None:
    with SqlJournal(f"sqlite:///{tmp_path}/ledger.db") as journal:
        journal.append(DRAFT)
        with journal._database.reading() as connection:
            told = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "secure_delete")
            }
    assert told == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_a_sealed_value_leaves_the_files_when_its_run_ends(tmp_path: Path) -> None:
    armour = "armour-" + "q" * 2000

    def found() -> bool:
        return any(armour[:1000].encode() in file.read_bytes() for file in tmp_path.iterdir())

    with SqlJournal(f"sqlite:///{tmp_path}/ledger.db") as journal:
        journal.append(DRAFT, seal={"value": armour})
        assert found()
        journal.append(Draft("r1", Event.RUN_ENDED, attempt=1), end=True)
        assert not found()


def test_a_reader_does_not_keep_a_run_from_ending(tmp_path: Path) -> None:
    with SqlJournal(f"sqlite:///{tmp_path}/ledger.db") as journal:
        journal.append(DRAFT)
        journal.append(DRAFT)
        with closing(journal.stream()) as entries:
            next(entries)
            journal.append(Draft("r1", Event.RUN_ENDED, attempt=1), end=True)
        assert len(journal.entries()) == 3


# --- settings ---


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no place for the ledger"),
        ("nonsense", "cannot be read"),
        ("postgresql://h:port/x", "cannot be read"),
        ("mysql://root@localhost/ledger", "cannot be kept on mysql"),
        ("postgresql+asyncpg://h/x", "cannot be kept on postgresql+asyncpg"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file::memory:?uri=true", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
    ],
)
def test_a_url_no_ledger_can_be_kept_at_is_refused(url: str, said: str) -> None:
    with pytest.raises(Refused, match=said.replace("+", r"\+")) as caught:
        open_journal(LedgerSettings(url=url))
    assert "ledger.url" in caught.value.hint


def test_settings_do_not_show_a_password() -> None:
    assert PASSWORD not in repr(LedgerSettings(url=f"postgresql://olga:{PASSWORD}@h/x"))


def test_the_doctor_is_told_the_version(database_url: str) -> None:
    settings = LedgerSettings(url=database_url)
    with open_journal(settings) as journal:
        journal.append(DRAFT)
    assert " has 1 entries on " in check(settings)
    assert "SQLite 3." in check(settings) or "PostgreSQL 1" in check(settings)
