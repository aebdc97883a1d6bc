"""Many programs write one ledger, and it stays one chain."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import create_engine, inspect

from adapters.ledger import SqlJournal
from adapters.ledger.addresses import address_of
from engine.errors import Fenced, Locked
from engine.ledger import Draft, Event, verify

pytest_plugins = ["tests.postgres"]

ROOT = Path(__file__).parents[2]
WRITERS = 8
EACH = 50

WAIT_FOR_THE_START = "import sys; print('ready', flush=True); sys.stdin.readline(); "
APPEND_MANY = (
    "from tests.adapters.test_ledger_concurrency import append_many; "
    + WAIT_FOR_THE_START
    + "append_many(*sys.argv[1:])"
)
TRY_TO_START = (
    "from tests.adapters.test_ledger_concurrency import try_to_start; "
    + WAIT_FOR_THE_START
    + "print(try_to_start(*sys.argv[1:]))"
)
TRY_TO_RESUME = (
    "from tests.adapters.test_ledger_concurrency import try_to_resume; "
    + WAIT_FOR_THE_START
    + "print(try_to_resume(*sys.argv[1:]))"
)


def append_many(url: str, run: str) -> None:
    with SqlJournal(url, patience=60) as journal:
        journal.append(Draft(run, Event.RUN_STARTED, attempt=1))
        for number in range(1, EACH):
            draft = Draft(run, Event.STEP_STARTED, attempt=1, details={"number": number})
            journal.append(draft, seal={"value": str(number)}, hold=[f"secret/{run}"])


def try_to_start(url: str, run: str) -> str:
    with SqlJournal(url, patience=60) as journal:
        try:
            journal.append(Draft(run, Event.RUN_STARTED, attempt=1), hold=["secret/a", "sops/x"])
        except Locked:
            return "locked"
        return run


def try_to_resume(url: str, name: str) -> str:
    with SqlJournal(url, patience=60) as journal:
        try:
            journal.append(Draft("r1", Event.RUN_RESUMED, attempt=2, details={"by": name}))
        except Fenced:
            return "fenced"
        return name


def at_once(program: str, url: str, names: Sequence[str]) -> list[str]:
    """Run the program once for each name, all from one start, and return what each printed."""
    running = [
        subprocess.Popen(  # noqa: S603 - this very interpreter with a text of this file
            [sys.executable, "-c", program, url, name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    try:
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n", one.communicate()[1]
        with ThreadPoolExecutor(len(running)) as threads:
            told = list(threads.map(lambda one: one.communicate("go\n", timeout=120), running))
    finally:
        for one in running:
            one.kill()
            one.communicate()
    assert [one.returncode for one in running] == [0] * len(running), told
    return [out.strip() for out, _ in told]


def test_programs_that_write_at_once_write_one_chain(database_url: str) -> None:
    names = [f"r{number}" for number in range(WRITERS)]
    at_once(APPEND_MANY, database_url, names)
    with SqlJournal(database_url) as journal:
        entries = journal.entries()
        holders, sealed = journal.holders(), journal.sealed("r3")
    verify(entries)
    assert [entry.sequence for entry in entries] == list(range(1, WRITERS * EACH + 1))
    assert Counter(entry.run for entry in entries) == dict.fromkeys(names, EACH)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert holders == {f"secret/{name}": name for name in names}
    assert sealed == {("", "value"): str(EACH - 1)}


def test_of_runs_that_want_one_resource_exactly_one_gets_it(database_url: str) -> None:
    told = at_once(TRY_TO_START, database_url, ["r1", "r2", "r3", "r4"])
    assert told.count("locked") == 3
    (winner,) = set(told) - {"locked"}
    with SqlJournal(database_url) as journal:
        assert journal.holders() == {"secret/a": winner, "sops/x": winner}
        assert [entry.run for entry in journal.entries()] == [winner]


def test_of_runners_that_resume_one_run_exactly_one_gets_it(database_url: str) -> None:
    with SqlJournal(database_url) as journal:
        journal.append(Draft("r1", Event.RUN_STARTED, attempt=1))
        told = at_once(TRY_TO_RESUME, database_url, ["a", "b", "c", "d"])
        assert told.count("fenced") == 3
        (winner,) = set(told) - {"fenced"}
        assert [entry.details.get("by") for entry in journal.entries("r1")] == [None, winner]


def test_threads_share_one_journal(database_url: str) -> None:
    def append(number: int) -> None:
        journal.append(Draft(f"r{number % 4}", Event.STEP_STARTED, details={"number": number}))

    with SqlJournal(database_url, patience=60) as journal:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(append, range(80)))
        assert len(journal.entries()) == 80
        verify(journal.entries())


def test_journals_that_meet_on_an_empty_database_make_its_tables_once(database_url: str) -> None:
    def look(_: int) -> int:
        with SqlJournal(database_url, patience=60) as journal:
            return len(journal.entries())

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(look, range(8))) == [0] * 8
    engine = create_engine(address_of(database_url))
    tables = {"entries", "sealed", "holds", "leases", "openings", "workers"}
    assert set(inspect(engine).get_table_names()) == tables
    engine.dispose()
