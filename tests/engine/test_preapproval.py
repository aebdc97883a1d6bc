"""A yes from before opens what it would have opened then, for one plan and until one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import GENESIS, Actor, Draft, Entry, Event, chain, timestamp
from engine.plan import Plan
from engine.preapproval import LONGEST, choose, refusal, taken_up
from engine.present import Present
from engine.progress import AskPerson, Perform
from engine.state import Kind
from tests.engine.bench import NOW, Bench, person

TEXT = """\
gate: {groups: [staff]}
steps:
  - {id: look, uses: lamp.look, gate: none}
  - {id: a, uses: lamp.light}
  - {id: b, uses: lamp.shine}
  - {id: verify, uses: lamp.verify, gate: {approvals: 2}}
"""
ONE = "gate: {groups: [staff]}\nsteps:\n"
LATER = NOW + timedelta(hours=3)


def said(plan: Plan, until: datetime = LATER, sequence: int = 1, through: str = "b") -> Entry:
    details = {"through": through, "until": timestamp(until), "comment": "go", "plan": plan.text()}
    draft = Draft("", Event.RUN_PREAPPROVED, person("olga"), plan=plan.digest, details=details)
    return chain(draft, timestamp(NOW), sequence, GENESIS)


def used(sequence: int) -> Entry:
    draft = Draft("r", Event.GATE_PREAPPROVED, details={"preapproval": sequence})
    return chain(draft, timestamp(NOW), 90 + sequence, GENESIS)


def relying(folder: Path) -> Bench:
    bench = Bench.of(TEXT, folder).begin()
    bench.desk.journal.append(taken_up(said(bench.plan), bench.plan, bench.state))
    bench.present = Present(timestamp(NOW))
    return bench


def test_it_opens_the_gates_up_to_its_step_and_no_further(tmp_path: Path) -> None:
    bench = relying(tmp_path)
    for step in ("look", "a", "b"):
        assert bench.next() == Perform(bench.plan.step(step))
        bench.make_move()

    assert bench.next() == AskPerson(bench.plan.step("verify"), Kind.STEP)
    assert bench.state.approvals[0].actor.subject == "olga"


def test_what_was_not_started_by_its_end_is_asked(tmp_path: Path) -> None:
    bench = relying(tmp_path)
    bench.make_move()
    bench.make_move()
    bench.present = Present(timestamp(LATER + timedelta(seconds=1)))

    assert bench.next() == AskPerson(bench.plan.step("b"), Kind.STEP)


def test_an_edited_runbook_voids_it(tmp_path: Path) -> None:
    bench = relying(tmp_path)
    entry = said(bench.plan)
    edited = bench.plan.model_copy(update={"title": "Another"})

    assert choose([entry], bench.plan, NOW).entry == entry
    assert choose([entry], edited, NOW).entry is None


@pytest.mark.parametrize(
    "strict", ["approvals: 2", "initiator_may_approve: false", "signed_in_within: 5m"]
)
def test_a_strict_gate_is_asked_although_the_ledger_has_one(tmp_path: Path, strict: str) -> None:
    plan = Bench.of(ONE + f"  - {{id: a, uses: lamp.light, gate: {{{strict}}}}}\n", tmp_path).plan

    choice = choose([said(plan, through="a")], plan, NOW)

    assert choice.entry is None
    assert choice.why == "the gate before a is strict and takes no approval beforehand"
    assert choose([], plan, NOW).why == ""


def test_a_claim_does_not_count_where_only_verified_people_do() -> None:
    entry = said(PLAN)
    proven = replace(entry, actor=replace(entry.actor, verified="oidc"))

    refused = choose([entry], PLAN, NOW, takes_claims=False)

    assert refused.entry is None
    assert "is claimed, not verified" in refused.why
    assert choose([proven], PLAN, NOW, takes_claims=False).entry == proven


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.booleans()), max_size=6),
)
def test_only_one_that_is_unused_and_has_not_ended_is_chosen(told: list[tuple[int, bool]]) -> None:
    ends = [NOW + timedelta(hours=hours) for hours, _ in told]
    entries = [said(PLAN, end, n) for n, end in enumerate(ends, start=1)]
    entries += [used(n) for n, (_, is_used) in enumerate(told, start=1) if is_used]
    choice = choose(entries, PLAN, NOW)
    free = [n for n, (hours, is_used) in enumerate(told, start=1) if hours >= 0 and not is_used]

    assert (choice.entry.sequence if choice.entry else None) == (free[0] if free else None)
    ended = [n for n, (hours, is_used) in enumerate(told, start=1) if hours < 0 and not is_used]
    assert bool(choice.why) == (not free and bool(ended))


@pytest.mark.parametrize(
    ("text", "by", "through", "until", "why"),
    [
        (TEXT, "olga", "b", LATER, ""),
        (TEXT, "anna", "b", LATER, "anna is in none of the groups staff"),
        (TEXT, "olga", "verify", LATER, "can reach no further than b, not through verify"),
        (TEXT, "olga", "look", LATER, "can reach no further than b, not through look"),
        (TEXT, "olga", "b", NOW, "it must end after now"),
        (TEXT, "olga", "b", NOW + LONGEST + timedelta(seconds=1), "within 31 days"),
        (ONE + "  - {id: look, uses: lamp.look, gate: none}\n", "olga", "look", LATER, "asks nobody"),
        (ONE + "  - {id: c, uses: lamp.confirm}\n", "olga", "c", LATER, "asks a person for something"),
        (
            ONE + "  - {id: a, uses: lamp.light, gate: {approvals: 2}}\n",
            "olga", "a", LATER, "the gate before a is strict",
        ),
        (
            ONE + "  - {id: a, uses: lamp.light, gate: {initiator_may_approve: false}}\n",
            "olga", "a", LATER, "the gate before a is strict",
        ),
        (
            ONE + "  - {id: a, uses: lamp.light, gate: {signed_in_within: 5m}}\n",
            "olga", "a", LATER, "the gate before a is strict",
        ),
    ],
)  # fmt: skip
def test_who_may_say_it_and_for_what(
    tmp_path: Path, *, text: str, by: str, through: str, until: datetime, why: str
) -> None:
    told = refusal(Bench.of(text, tmp_path).plan, person(by), through, until, NOW)

    assert (why in told) if why else (told == "")


def test_nobody_is_no_approver(tmp_path: Path) -> None:
    plan = Bench.of(TEXT.replace("{groups: [staff]}", "{}"), tmp_path).plan

    assert refusal(plan, Actor(" "), "b", LATER, NOW) == "nobody said who they are"


def _plan() -> Plan:
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - for a plan alone

    with TemporaryDirectory() as folder:
        return Bench.of(TEXT, Path(folder)).plan


PLAN = _plan()
