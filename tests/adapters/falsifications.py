"""What the red team does to a ledger of eight entries, and what is said of it.

`INSIDE` is seen in the chain alone, `OUTSIDE` takes a head that was kept elsewhere, `BESIDE` is done
to the tables beside the chain.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

from tests.adapters.forger import COLUMNS, Forger, Row, link

A, B = "run-a", "run-b"
"""The two runs the ledger tells of."""

Deed = Callable[[Forger], None]


def edit(sequence: int, *, anew: str = "", **columns: object) -> Deed:
    return lambda forger: forger.edit(sequence, anew=anew, **columns)


def replaced(sequence: int, column: str, old: str, new: str, anew: str = "") -> Deed:
    def deed(forger: Forger) -> None:
        was = str(forger.rows()[sequence - 1][column])
        assert old in was
        forger.edit(sequence, anew=anew, **{column: was.replace(old, new)})

    return deed


def rows(deed: Callable[[list[Row]], object]) -> Deed:
    return lambda forger: forger.change(deed)


def sql(statement: str, **values: object) -> Deed:
    return lambda forger: forger.sql(statement, **values)


def swap(one: int, other: int, *columns: str) -> Deed:
    def deed(rows: list[Row]) -> None:
        first, second = rows[one - 1], rows[other - 1]
        for name in columns:
            first[name], second[name] = second[name], first[name]

    return rows(deed)


def without(place: int) -> Callable[[list[Row]], object]:
    return lambda rows: rows.pop(place - 1)


def _number_anew(rows: list[Row]) -> None:
    del rows[3]
    for place, row in enumerate(rows, start=1):
        row["sequence"] = place


def _copy_of(rows: list[Row], source: int, **changes: object) -> None:
    rows.append({**rows[source - 1], "sequence": len(rows) + 1, **changes})


def _forged_approval(rows: list[Row]) -> None:
    _copy_of(rows, 4, run=B, previous=rows[-1]["hash"], hash="f" * 64)


def _moved(rows: list[Row]) -> None:
    rows.insert(1, rows.pop(4))
    for place, row in enumerate(rows, start=1):
        row["sequence"] = place


def _spelled_apart(rows: list[Row]) -> None:
    rows[3]["details"] = unicodedata.normalize("NFD", rows[3]["details"])


def _reordered_names(rows: list[Row]) -> None:
    told = json.loads(rows[0]["details"])
    rows[0]["details"] = json.dumps(
        dict(reversed(told.items())), separators=(",", ":"), ensure_ascii=False
    )
    link(rows)


def _not_approved(rows: list[Row]) -> None:
    del rows[3]
    link(rows)


INSIDE: dict[str, tuple[Deed, str]] = {
    "the time of an entry": (edit(5, at="2020-01-01T00:00:00.000000Z"), "entry 5 was changed"),
    "the time in another spelling": (replaced(5, "at", "Z", "+00:00"), "entry 5 was changed"),
    "all times a day earlier": (
        rows(lambda rows: [row.update(at="2020" + row["at"][4:]) for row in rows]),
        "entry 1 was changed",
    ),
    "who approved": (replaced(4, "actor", "olga", "otto"), "entry 4 was changed"),
    "a name that looks alike": (replaced(4, "actor", "olga", "\u043elga"), "entry 4 was changed"),
    "a letter without width": (replaced(4, "actor", "olga", "olga\u200b"), "entry 4 was changed"),
    "the order of groups": (
        replaced(4, "actor", '"staff","admins"', '"admins","staff"'),
        "entry 4 was changed",
    ),
    "how an approver was verified": (replaced(4, "actor", "oidc", "token"), "entry 4 was changed"),
    "an actor with one thing more": (
        replaced(4, "actor", "{", '{"alias":"x",'),
        "entry 4 was changed: its row",
    ),
    "an actor told twice": (
        replaced(4, "actor", '"subject"', '"subject":"otto","subject"'),
        "entry 4 was changed: its row",
    ),
    "equivalent letters": (rows(_spelled_apart), "entry 4 was changed: its content"),
    "one is spelled 1.0": (replaced(8, "details", "1", "1.0"), "entry 8 was changed: its row"),
    "one is spelled 1e0": (replaced(8, "details", "1", "1e0"), "entry 8 was changed: its row"),
    "one is spelled 01": (replaced(8, "details", "1", "01"), "entry 8 was changed: its row"),
    "one becomes true": (replaced(8, "details", "1", "true"), "entry 8 was changed: its content"),
    "one becomes a text": (replaced(8, "details", "1", '"1"'), "entry 8 was changed: its content"),
    "a name told twice": (
        replaced(8, "details", "{", '{"n":2,'),
        "entry 8 was changed: its row",
    ),
    "a name told twice, and hashed": (
        replaced(8, "details", "{", '{"n":2,', anew="one"),
        "entry 8 was changed: its row",
    ),
    "a float, and hashed": (
        replaced(8, "details", "1", "1.0", anew="one"),
        "entry 8 was changed: its row",
    ),
    "names in another order, and hashed to the end": (
        rows(_reordered_names),
        "entry 1 was changed: its row",
    ),
    "white space behind details": (
        replaced(8, "details", "}", "} "),
        "entry 8 was changed: its row",
    ),
    "white space behind a run": (edit(8, run=A + " "), "entry 8 was changed: its content"),
    "a line feed behind a hash": (
        rows(lambda rows: rows[7].update(hash=rows[7]["hash"] + "\n")),
        "entry 8 was changed: its content",
    ),
    "a hash in capitals": (
        rows(lambda rows: rows[7].update(hash=rows[7]["hash"].upper())),
        "entry 8 was changed: its content",
    ),
    "details that are a list, and hashed": (
        edit(8, details="[]", anew="one"),
        "entry 8 was changed: its row",
    ),
    "details that are no JSON": (edit(8, details="{"), "entry 8 was changed: its row"),
    "a letter as an escape": (
        replaced(4, "details", "\u00fc", "\\u00fc"),
        "entry 4 was changed: its row",
    ),
    "half a letter as an escape, and hashed": (
        replaced(8, "details", "1", '"\\ud83d"', anew="one"),
        "entry 8 was changed: its row",
    ),
    "the plan that was kept": (replaced(1, "details", "revoke", "verify"), "entry 1 was changed"),
    "the plan's digest": (edit(1, plan="sha256:9"), "entry 1 was changed"),
    "a refusal for an approval": (edit(4, event="gate.refused"), "entry 4 was changed"),
    "an event nobody knows": (edit(4, event="gate.approvd"), "entry 4 was changed: its content"),
    "an attempt": (edit(5, attempt=2), "entry 5 was changed"),
    "an entry moved to another run": (edit(5, run=B), "entry 5 was changed"),
    "two runs under each other's names": (
        rows(lambda rows: [row.update(run={A: B, B: A}.get(row["run"], "")) for row in rows]),
        "entry 1 was changed",
    ),
    "the details of two entries": (swap(3, 6, "details", "step", "run"), "entry 3 was changed"),
    "the bodies of two entries with their hashes": (
        swap(3, 6, *(name for name in COLUMNS if name != "sequence")),
        "entry 3 follows",
    ),
    "a change hashed anew": (edit(4, run=B, anew="one"), "entry 5 follows"),
    "a change of the first hashed anew": (edit(1, run=B, anew="one"), "entry 2 follows"),
    "an entry that begins again": (edit(4, previous="1" * 64, anew="one"), "entry 4 follows"),
    "an entry taken out": (rows(without(4)), "entry 4 is missing"),
    "the first taken out": (rows(without(1)), "entry 1 is missing"),
    "an entry taken out and the rest renumbered": (rows(_number_anew), "entry 4 follows"),
    "an entry at another place": (rows(_moved), "entry 2 follows"),
    "an approval copied into another run": (rows(_forged_approval), "entry 9 was changed"),
    "an entry before the first": (
        rows(lambda rows: rows.insert(0, {**rows[0], "sequence": 0, "previous": "p", "hash": "h"})),
        "entry 1 is missing: its place is taken by entry 0",
    ),
    "a number skipped at the end": (
        rows(lambda rows: rows[7].update(sequence=9)),
        "entry 8 is missing: its place is taken by entry 9",
    ),
}  # fmt: skip


def _cut(forger: Forger, last: int) -> None:
    forger.put(forger.rows()[:last])


def _cut_and_written_on(forger: Forger) -> None:
    kept = forger.rows()[:5]
    for place in (6, 7, 8):
        kept.append({**kept[4], "sequence": place, "run": B})
    link(kept, 6)
    forger.put(kept)


def _of_another_ledger(forger: Forger) -> None:
    def deed(rows: list[Row]) -> None:
        for row in rows:
            row["run"] = row["run"].replace("run", "job")
        link(rows)

    forger.change(deed)


OUTSIDE: dict[str, tuple[Deed, str]] = {
    "the tail is cut": (
        lambda forger: _cut(forger, 5),
        r"was entry 7, and the ledger ends with entry 5: it was cut after entry 4",
    ),
    "all is gone": (
        lambda forger: _cut(forger, 0),
        r"was entry 4, and the ledger ends with entry 0: it was cut and nothing vouches",
    ),
    "the tail is cut and written on": (
        _cut_and_written_on,
        r"was entry 7, and that is another one now: it was written anew after entry 4",
    ),
    "an entry changed, and all hashes after it made anew": (
        edit(6, run=A, anew="rest"),
        r"was entry 7, and that is another one now: it was written anew after entry 4",
    ),
    "an early entry changed, and all hashes made anew": (
        replaced(1, "details", "revoke", "verify", anew="rest"),
        r"was entry 4, and that is another one now: it was written anew and nothing vouches",
    ),
    "an approval taken out, and all made anew": (
        rows(_not_approved),
        r"was entry 4, and that is another one now",
    ),
    "the ledger is another one": (_of_another_ledger, r"was entry 4, and that is another one now"),
}


BESIDE: dict[str, tuple[Deed, str]] = {
    "a gate that waits is forgotten": (
        sql("DELETE FROM openings"),
        "the openings have no gate for run run-b, and the chain has the gate of entry 6",
    ),
    "a gate waits that was answered": (
        sql("INSERT INTO openings (run, opened) VALUES (:run, 3)", run=A),
        "the openings have the gate of entry 3 for run run-a, and the chain has no gate",
    ),
    "a gate points elsewhere": (
        sql("UPDATE openings SET opened = 3"),
        "the openings have the gate of entry 3 for run run-b",
    ),
    "a hold is dropped": (
        sql("DELETE FROM holds WHERE run = :run", run=A),
        "secret:redis is held by nobody, and run run-a works on it",
    ),
    "a hold on a person is dropped": (
        sql("DELETE FROM holds WHERE resource = 'person:nina'"),
        "person:nina is held by nobody, and run run-b works on it",
    ),
    "a hold is handed over": (
        sql("UPDATE holds SET run = :run", run=B),
        "secret:redis is held by run run-b, and run run-a works on it",
    ),
    "a hold of no run": (
        sql("INSERT INTO holds (resource, run, since) VALUES ('secret:psd2', 'run-z', '')"),
        "secret:psd2 is held by run run-z, which the chain does not have as a live one",
    ),
    "another value lies in the drawer": (
        sql("UPDATE sealed SET armour = 'sealed by somebody else'"),
        "the value answer of step sops in the drawer of run run-a is another one",
    ),
    "a value is put into the drawer": (
        sql("INSERT INTO sealed (run, step, name, armour) VALUES (:run, 'sops', 'x', 'y')", run=A),
        "the value x of step sops in the drawer of run run-a was put there by no entry",
    ),
    "a value is taken away": (
        sql("DELETE FROM sealed"),
        "the value answer of step sops in the drawer of run run-a is gone",
    ),
    "a value moves to another step": (
        sql("UPDATE sealed SET step = 'revoke'"),
        "the value answer of step revoke in the drawer of run run-a was put there by no entry",
    ),
}
