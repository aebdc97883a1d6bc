"""A list is settled item by item, and what is open keeps the step from being done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.brought import CERTIFICATE_PATTERN
from engine.checklist import items_of, lines, unsettled
from engine.fold import fold
from engine.ledger import Event
from engine.policy import furthest
from engine.progress import AskPerson, Perform
from engine.state import ItemState, Kind
from tests import certs
from tests.engine.bench import Bench

LIST = """\
gate: {groups: [staff]}
steps:
  - {id: a, uses: lamp.light}
  - {id: banks, uses: lamp.list, with: {items: {bunq: Ask., belfius: Mail.}}}
"""
BRING = "gate: {groups: [staff]}\nsteps:\n  - {id: bring, uses: lamp.certificate}\n"
MADE = certs.make(datetime.now(UTC) + timedelta(days=300))
PEM = MADE.pem.decode()


def at_list(folder: Path, text: str = LIST) -> Bench:
    bench = Bench.of(text, folder).begin()
    bench.decide("approve")
    bench.make_move()
    return bench


def say(
    bench: Bench, item: str, state: str, comment: str = "ticket 4711", by: str = "olga"
) -> Event:
    return bench.decide("note", by, item=item, item_state=state, comment=comment)


def open_items(bench: Bench) -> str:
    return unsettled(bench.plan.step("banks"), bench.state.step("banks"))


def test_the_gate_stays_until_every_item_is_confirmed_or_waived(tmp_path: Path) -> None:
    bench = at_list(tmp_path)
    step = bench.plan.step("banks")

    assert bench.decide("approve") is Event.GATE_REFUSED
    assert "bunq (pending), belfius (pending)" in bench.state.refusal
    assert say(bench, "bunq", "registered") is Event.GATE_NOTED
    assert bench.state.refusal == ""
    assert bench.next() == AskPerson(step, Kind.STEP)
    assert say(bench, "bunq", "confirmed", "answered 200") is Event.GATE_NOTED
    assert open_items(bench) == "belfius (pending)"
    assert say(bench, "belfius", "waived", "no account there") is Event.GATE_NOTED
    assert bench.next() == AskPerson(step, Kind.STEP)
    assert bench.decide("approve") is Event.GATE_APPROVED
    assert bench.next() == Perform(step)


def test_a_bank_that_takes_its_word_back_keeps_the_gate_shut(tmp_path: Path) -> None:
    bench = at_list(tmp_path)
    say(bench, "bunq", "confirmed")
    say(bench, "belfius", "confirmed")
    say(bench, "bunq", "pending", "")

    assert bench.decide("approve") is Event.GATE_REFUSED
    assert open_items(bench) == "bunq (pending)"


def test_what_was_said_is_read_from_the_ledger_and_each_word_stands_there(tmp_path: Path) -> None:
    bench = at_list(tmp_path)
    say(bench, "bunq", "registered", "mail of Monday")
    bench.resume()
    say(bench, "bunq", "confirmed", "answered 200", by="otto")
    noted = [entry for entry in bench.entries if entry.event is Event.GATE_NOTED]
    [line, other] = lines(bench.plan.step("banks"), fold("run-1", bench.entries).step("banks"))

    assert [entry.details["state"] for entry in noted] == ["registered", "confirmed"]
    assert [entry.actor.subject for entry in noted] == ["olga", "otto"]
    assert line.startswith("bunq: confirmed, by otto at ")
    assert line.endswith("Z: answered 200")
    assert other == "belfius: pending"


@pytest.mark.parametrize(
    ("item", "state", "comment", "why"),
    [
        ("ing", "confirmed", "ticket 1", "`ing` is no item of this list: bunq, belfius"),
        ("-", "confirmed", "ticket 1", "`-` is no item of this list"),
        ("bunq", "done", "ticket 1", "`done` is no state of an item: pending, registered"),
        ("bunq", "waived", " no ", "the comment must say why it is waived"),
        ("bunq", "confirmed", "", "the comment must say what was done and seen"),
    ],
)
def test_a_word_that_says_nothing_does_not_count(
    tmp_path: Path, item: str, state: str, comment: str, why: str
) -> None:
    bench = at_list(tmp_path)

    assert say(bench, item, state, comment) is Event.GATE_REFUSED
    assert bench.state.refusal.startswith(why)
    assert open_items(bench) == "bunq (pending), belfius (pending)"


def test_only_whoever_may_decide_may_speak_and_only_at_a_list(tmp_path: Path) -> None:
    bench = at_list(tmp_path)

    assert say(bench, "bunq", "confirmed", by="mallory") is Event.GATE_REFUSED
    other = Bench.of(LIST, tmp_path / "other").begin()
    assert say(other, "bunq", "confirmed") is Event.GATE_REFUSED
    assert other.state.refusal == "at this gate one can approve, reject"


def test_no_earlier_yes_reaches_past_a_list(tmp_path: Path) -> None:
    bench = Bench.of(LIST, tmp_path).begin()

    assert [step.id for step in furthest(bench.plan, bench.plan.step("a"), Kind.STEP)] == ["a"]
    assert items_of(bench.plan.step("a")) == ()


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from(["bunq", "belfius"]), st.sampled_from([*ItemState])), max_size=6
    )
)
def test_the_last_word_on_each_item_decides(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, ItemState]]
) -> None:
    bench = at_list(tmp_path_factory.mktemp("list"))
    for item, state in said:
        say(bench, item, state)
    last = dict(said)
    done = {ItemState.CONFIRMED, ItemState.WAIVED}
    is_settled = last.keys() == {"bunq", "belfius"} and set(last.values()) <= done

    assert (bench.decide("approve") is Event.GATE_APPROVED) is is_settled


def test_a_certificate_is_judged_at_the_gate_and_handed_to_the_step(tmp_path: Path) -> None:
    bench = Bench.of(BRING, tmp_path).begin()

    assert bench.decide("approve") is Event.GATE_REFUSED
    assert bench.state.refusal.startswith("this gate asks for a certificate")
    assert bench.decide("approve", certificate=PEM) is Event.GATE_APPROVED
    bench.make_move()
    assert bench.state.step("bring").status == "done"


@pytest.mark.parametrize(
    "text",
    [MADE.private.decode() + PEM, PEM + MADE.private.decode(), "see the mail", PEM[:-20]],
    ids=["a key before it", "a key after it", "a word", "cut off"],
)
def test_a_key_beside_a_certificate_is_refused_and_kept_nowhere(tmp_path: Path, text: str) -> None:
    bench = Bench.of(BRING, tmp_path).begin()

    assert bench.decide("approve", certificate=text) is Event.GATE_REFUSED
    assert (
        bench.state.refusal == "only certificates in PEM may stand here, no key and no other text"
    )
    told = repr(bench.entries)
    assert not any(line in told for line in MADE.private.decode().splitlines())
    assert bench.desk.journal.sealed(bench.run) == {}


def test_the_pattern_of_the_form_is_one_that_any_browser_knows() -> None:
    assert "(?" not in CERTIFICATE_PATTERN
