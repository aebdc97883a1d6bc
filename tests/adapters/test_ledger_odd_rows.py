"""A SQLite file without its keys takes any row, and none is believed; what is only odd is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.ledger import SqlJournal
from engine.errors import ChainBroken
from engine.ledger import Actor, Draft, Event
from engine.lines import read_lines, to_json
from engine.notes import public_key, read_notes, sign_head, spell_key
from engine.witnesses import Witness, confront
from tests.adapters.forger import COLUMNS, Forger
from tests.adapters.test_ledger_red_team import look

KEY = spell_key("platform", bytes(range(32)))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def journal(url: str) -> Iterator[SqlJournal]:
    with SqlJournal(url) as opened:
        yield opened


def fill(journal: SqlJournal, run: str = "r1") -> None:
    for number in range(4):
        details = {"number": number, "text": "\u00e4"}
        journal.append(Draft(run, Event.STEP_STARTED, step="sops", attempt=1, details=details))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("INSERT INTO entries SELECT * FROM entries WHERE sequence = 2", "entry 3 is missing"),
        ("UPDATE entries SET sequence = NULL WHERE sequence = 3", "entry None was changed"),
        ("UPDATE entries SET sequence = 3.5 WHERE sequence = 3", "entry 3.5 was changed"),
        ("UPDATE entries SET sequence = 3.0 WHERE sequence = 3", "entry 3.0 was changed"),
        ("UPDATE entries SET sequence = '3' WHERE sequence = 3", "entry 3 is missing"),
        ("UPDATE entries SET attempt = 'once' WHERE sequence = 3", "entry 3 was changed"),
        ("UPDATE entries SET attempt = 1.0 WHERE sequence = 3", "entry 3 was changed"),
        ("UPDATE entries SET details = CAST(details AS BLOB) WHERE sequence = 3", "entry 3 was"),
        ("UPDATE entries SET run = CAST(run AS BLOB) WHERE sequence = 3", "entry 3 was changed"),
        ("UPDATE entries SET run = CAST(X'ff' AS TEXT) WHERE sequence = 3", "entry 3 was changed"),
        ("UPDATE entries SET details = CAST(X'7bff7d' AS TEXT) WHERE sequence = 3", "entry 3 was"),
        ("UPDATE entries SET run = run || char(0) WHERE sequence = 3", "entry 3 was changed"),
        *(
            (f"UPDATE entries SET {column} = NULL WHERE sequence = 3", "entry 3 ")  # noqa: S608
            for column in COLUMNS[1:]
        ),
    ],
)
def test_a_row_that_no_ledger_could_have_written_is_found(
    journal: SqlJournal, url: str, change: str, told: str
) -> None:
    fill(journal)
    with closing(Forger(url)) as forger:
        for statement in (
            f"CREATE TABLE bare ({', '.join(COLUMNS)})",
            "INSERT INTO bare SELECT * FROM entries",
            "DROP TABLE entries",
            "ALTER TABLE bare RENAME TO entries",
            change,
        ):
            forger.sql(statement)
    with pytest.raises(ChainBroken, match=told):
        look(journal)


@pytest.mark.parametrize(
    "boundary",
    [
        ('1,"details":{"number":2', '{"text":"\u00e4"}'),
        ('1,"event":"step.started"', '{"number":2,"text":"\u00e4"}'),
    ],
)
def test_what_stands_in_one_column_is_not_taken_for_two(
    journal: SqlJournal, url: str, boundary: tuple[str, str]
) -> None:
    fill(journal)
    attempt, details = boundary
    with closing(Forger(url)) as forger:
        set_both = "UPDATE entries SET attempt = :attempt, details = :details WHERE sequence = 3"
        forger.sql(set_both, attempt=attempt, details=details)
    with pytest.raises(ChainBroken, match="entry 3 was changed"):
        look(journal)


def lines_of(journal: SqlJournal) -> list[bytes]:
    with closing(journal.stream()) as entries:
        return [f"{to_json(entry)}\n".encode() for entry in entries]


def test_two_ledgers_in_one_file_are_told_apart_where_the_second_begins(
    journal: SqlJournal, tmp_path: Path
) -> None:
    fill(journal)
    with SqlJournal(f"sqlite:///{tmp_path}/other.db") as other:
        fill(other, "r2")
        both = lines_of(journal) + lines_of(other)
    with pytest.raises(ChainBroken, match="entry 5 is missing: its place is taken by entry 1"):
        confront(read_lines(both))


@pytest.mark.parametrize("place", [2, 7])
def test_a_note_about_another_ledger_does_not_hold_for_this_one(
    journal: SqlJournal, tmp_path: Path, place: int
) -> None:
    fill(journal)
    with SqlJournal(f"sqlite:///{tmp_path}/other.db") as other:
        fill(other, "r2")
        fill(other, "r2")
        note = sign_head(other.entries()[place - 1], KEY)
    [told] = read_notes(note, [public_key(KEY)])
    with pytest.raises(ChainBroken, match=f"the note of platform was entry {place}, and "):
        look(journal, (Witness(told.hash, f"the note of {told.signer}", told.sequence),))


def _truths() -> Sequence[Draft]:
    odd = Actor("\u202eol\u00e9 \U0001f600\ud7ff\uffff", "claimed", ("", "\u00df"), "")
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    return (
        Draft("", Event.TRAIL_READ, odd, details={}),
        Draft("r1", Event.STEP_FAILED, details={"": None, "\U0001f600": 1, "\uffff": True}),
        Draft("r1", Event.STEP_FAILED, details={"deep": deep, "huge": -(10**80), "hash": "0" * 64}),
        Draft("r1", Event.STEP_FAILED, details={"text": '\x00\x1f\x7f\u2028\\"/\r\n\t\b\f'}),
        Draft("r1", Event.GATE_OPENED, attempt=1, details={"opening": 1}),
        Draft("r1", Event.GATE_REMINDED, attempt=1, details={"opening": 1}),
        Draft("r1", Event.GATE_EXPIRED, attempt=1, details={"opening": 1, "escalate": "soon"}),
        Draft("r1", Event.GATE_ESCALATED, attempt=1, details={"opening": 1}),
        Draft("r1", Event.STEP_STARTED, attempt=1, details={"armour": "a word, and no digest"}),
    )


def test_what_is_only_odd_is_no_alarm_at_any_entry(url: str, tmp_path: Path) -> None:
    moments = iter([datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=n) for n in range(99)])
    with SqlJournal(url, now=lambda: next(moments)) as journal:
        for draft in _truths():
            journal.append(draft)
            look(journal)
        found = look(journal)
        lines = lines_of(journal)

    assert confront(read_lines(lines)) == found
    assert len({json.loads(line)["hash"] for line in lines}) == found.length


def test_values_that_come_and_go_are_no_alarm(journal: SqlJournal) -> None:
    start = Draft("r1", Event.RUN_STARTED, attempt=1, details={"secret": "redis"})
    step = Draft("r1", Event.STEP_SUCCEEDED, step="generate", attempt=1)
    journal.append(start, hold=["secret:redis"])
    for armour in ("one", "two", "two"):
        journal.append(step, seal={"value": armour, "other": "same"})
        look(journal)
    assert journal.sealed("r1")["generate", "value"] == "two"
    journal.append(Draft("r1", Event.RUN_ENDED, attempt=1), end=True)
    look(journal)
    journal.append(
        Draft("r2", Event.RUN_STARTED, attempt=1, details={"secret": "redis"}),
        hold=["secret:redis"],
    )

    assert look(journal).length == 6
