"""The red team's set: each way to falsify a ledger is found, and told where; what is true is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.ledger import SqlJournal
from engine.errors import ChainBroken
from engine.ledger import Actor, Draft, Entry, Event
from engine.witnesses import Verified, Witness, confront
from tests.adapters.falsifications import BESIDE, INSIDE, OUTSIDE, A, B
from tests.adapters.forger import Forger

pytest_plugins = ["tests.postgres"]

OLGA = Actor("olga", "oidc", ("staff", "admins"), "ui")
PLAN = '{"runbook":"rotate","steps":["sops","revoke"]}'
MARKED = {4: "commit 1f0c of main", 7: "the note of keys"}
"""Entries whose hashes were kept elsewhere."""


def _tell(journal: SqlJournal) -> Iterator[Entry]:
    """Two runs that take turns; the gate of one of them still waits."""
    yield journal.append(
        Draft(A, Event.RUN_STARTED, OLGA, "", 1, "sha256:1", {"secret": "redis", "plan": PLAN}),
        hold=["secret:redis"],
    )
    yield journal.append(
        Draft(
            B,
            Event.RUN_STARTED,
            OLGA,
            "",
            1,
            "sha256:2",
            {"secret": "matomo", "about": "Nina", "plan": PLAN},
        ),
        hold=["secret:matomo", "person:nina"],
    )
    yield journal.append(
        Draft(A, Event.GATE_OPENED, step="sops", attempt=1, details={"opening": 1})
    )
    yes = {"opening": 1, "comment": "F\u00fcr Q4 agreed.", "sealed": ["answer"]}
    yield journal.append(
        Draft(A, Event.GATE_APPROVED, OLGA, "sops", 1, "sha256:1", yes),
        seal={"answer": "-----BEGIN AGE ENCRYPTED FILE-----"},
        upon=1,
    )
    yield journal.append(Draft(A, Event.STEP_STARTED, step="sops", attempt=1, details={"key": A}))
    yield journal.append(
        Draft(B, Event.GATE_OPENED, step="sops", attempt=1, details={"opening": 1})
    )
    yield journal.append(Draft("", Event.TRAIL_ANCHORED, OLGA, details={"to": "heads.txt"}))
    yield journal.append(Draft(A, Event.STEP_SUCCEEDED, step="sops", attempt=1, details={"n": 1}))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SqlJournal, Forger, tuple[Witness, ...]]]:
    """A ledger that tells of two runs, somebody who falsifies it, and heads kept elsewhere."""
    if request.param == "sqlite":
        yield from _ledger(f"sqlite:///{tmp_path_factory.mktemp('red')}/ledger.db")
        return
    postgres = request.getfixturevalue("postgres")
    with postgres.new_database() as name:
        yield from _ledger(postgres.url(name))


def _ledger(url: str) -> Iterator[tuple[SqlJournal, Forger, tuple[Witness, ...]]]:
    with SqlJournal(url) as journal:
        told = list(_tell(journal))
        heads = tuple(Witness(told[n - 1].hash, by, n) for n, by in MARKED.items())
        with closing(Forger(url)) as forger:
            yield journal, forger, heads


def look(journal: SqlJournal, witnesses: tuple[Witness, ...] = ()) -> Verified:
    """Do what `runbook audit verify` does."""
    with closing(journal.links()) as links:
        found = confront(links, witnesses)
    journal.verify_beside()
    return found


@pytest.mark.parametrize("what", INSIDE)
def test_a_falsification_inside_the_chain_is_found_where_it_is(
    ledger: tuple[SqlJournal, Forger, tuple[Witness, ...]], what: str
) -> None:
    journal, forger, heads = ledger
    deed, told = INSIDE[what]
    try:
        deed(forger)
        with pytest.raises(ChainBroken, match=told):
            look(journal)
        with pytest.raises(ChainBroken, match=told):
            look(journal, heads)
    finally:
        forger.restore()
    assert look(journal, heads).length == 8


@pytest.mark.parametrize("what", OUTSIDE)
def test_what_the_chain_cannot_show_a_head_kept_elsewhere_does(
    ledger: tuple[SqlJournal, Forger, tuple[Witness, ...]], what: str
) -> None:
    journal, forger, heads = ledger
    deed, told = OUTSIDE[what]
    try:
        deed(forger)
        with closing(journal.links()) as links:
            confront(links)
        with pytest.raises(ChainBroken, match=told):
            look(journal, heads)
    finally:
        forger.restore()


@pytest.mark.parametrize(
    ("witness", "told"),
    [
        (Witness("a" * 64, "a note", 6), r"was entry 6, and .* though the head of entry 7 is in"),
        (
            Witness("a" * 64, "a note", 3),
            r"though the head of entry 4 is in the ledger: it was written anew from the first on",
        ),
        (
            Witness("a" * 64, "a note", 99),
            r"was entry 99, and the ledger ends with entry 8: it was",
        ),
        (Witness("a" * 64, "a note"), r"was published once .* written anew after entry 7"),
        (Witness("0" * 64, "a note", 1), r"was entry 1, and that is another one now"),
    ],
)
def test_a_witness_of_another_ledger_is_told_to_be_perhaps_one(
    ledger: tuple[SqlJournal, Forger, tuple[Witness, ...]], witness: Witness, told: str
) -> None:
    journal, _, heads = ledger
    with pytest.raises(ChainBroken, match=told) as caught:
        look(journal, (*heads, witness))
    assert "1 of 3 heads kept elsewhere contradict" in caught.value.hint


@pytest.mark.parametrize("what", BESIDE)
def test_a_falsification_beside_the_chain_is_found(
    ledger: tuple[SqlJournal, Forger, tuple[Witness, ...]], what: str
) -> None:
    journal, forger, _ = ledger
    deed, told = BESIDE[what]
    try:
        deed(forger)
        with pytest.raises(ChainBroken) as caught:
            look(journal)
    finally:
        forger.restore()
    assert told in caught.value.message or "more)" in caught.value.message
    assert look(journal).length == 8


@pytest.mark.parametrize(
    "what", [name for name in BESIDE if name.startswith(("another value", "a value is put"))]
)
def test_a_run_gets_no_value_that_no_entry_vouches_for(
    ledger: tuple[SqlJournal, Forger, tuple[Witness, ...]], what: str
) -> None:
    journal, forger, _ = ledger
    assert set(journal.sealed(A)) == {("sops", "answer")}
    try:
        BESIDE[what][0](forger)
        with pytest.raises(ChainBroken, match="is not the one that was put there"):
            journal.sealed(A)
    finally:
        forger.restore()
