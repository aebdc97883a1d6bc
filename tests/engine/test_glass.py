"""Breaking the glass opens one gate, for those it is declared for, and never quietly."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.decision import allowed
from engine.freeze import Window
from engine.ledger import Event, timestamp
from engine.present import Present
from engine.progress import AskPerson, Perform
from engine.state import Kind
from tests.engine.bench import NOW, Bench

REVOKE = "gate: {groups: [admins], approvals: 2, initiator_may_approve: false}"
TEXT = f"""\
break_glass: {{groups: [staff], review_within: 48h}}
gate: {{groups: [admins]}}
steps:
  - {{id: a, uses: lamp.light}}
  - {{id: verify, uses: lamp.verify}}
  - id: revoke
    uses: lamp.revoke
    {REVOKE}
"""
WHY = "the key leaks right now"
FROZEN = Present(timestamp(NOW), Window("night", "2026-11-24T00:00:00.000000Z"))


def begun(folder: Path, text: str = TEXT, by: str = "anna") -> Bench:
    return Bench.of(text, folder).begin(by)


def at_revoke(folder: Path, by: str) -> Bench:
    bench = begun(folder, by=by)
    bench.decide("approve", "ada", through="verify")
    bench.make_move()
    bench.make_move()
    bench.lamps.lit.discard("a")
    return bench


def test_one_person_of_its_groups_opens_a_gate_that_asks_for_two(tmp_path: Path) -> None:
    bench = at_revoke(tmp_path, by="anna")
    bench.present = FROZEN

    assert bench.decide("break glass", "olga", comment=WHY) is Event.GLASS_BROKEN
    assert bench.next() == Perform(bench.plan.step("revoke"))
    told = bench.entries[-1].details
    assert told["comment"] == WHY
    assert told["review_until"] == timestamp(NOW + timedelta(hours=48))
    assert told["over"] == [
        "2 of admins had to agree",
        "changes are frozen until 2026-11-24 00:00 UTC (night); nobody may pass",
    ]


@pytest.mark.parametrize(
    ("by", "said", "why"),
    [
        ("anna", {"comment": WHY}, "anna is in none of the groups staff"),
        ("mallory", {"comment": WHY}, "mallory is in none of the groups staff"),
        ("", {"comment": WHY}, "nobody said who they are"),
        ("olga", {"comment": "   now    "}, "must say why"),
        ("olga", {"comment": WHY, "through": "verify"}, "opens one gate alone"),
    ],
)
def test_nobody_else_and_nobody_silently(
    tmp_path: Path, by: str, said: dict[str, str], why: str
) -> None:
    bench = begun(tmp_path)

    assert bench.decide("break glass", by, **said) is Event.GATE_REFUSED
    assert why in bench.state.refusal
    assert isinstance(bench.next(), AskPerson)


def test_four_eyes_hold_also_in_an_emergency(tmp_path: Path) -> None:
    bench = at_revoke(tmp_path, by="olga")

    assert bench.decide("break glass", "olga", comment=WHY) is Event.GATE_REFUSED
    assert "asks for somebody else" in bench.state.refusal
    assert bench.decide("break glass", "otto", comment=WHY) is Event.GLASS_BROKEN


def test_the_next_gate_asks_again(tmp_path: Path) -> None:
    bench = begun(tmp_path)
    bench.decide("break glass", "olga", comment=WHY)
    bench.make_move()

    assert bench.next() == AskPerson(bench.plan.step("verify"), Kind.STEP)


def test_it_is_offered_only_where_it_is_declared_and_before_a_step(tmp_path: Path) -> None:
    bench = begun(tmp_path)
    without = begun(tmp_path / "b", TEXT.split("\n", 1)[1])
    choices = [
        allowed(at.plan, at.state, at.plan.step("a"), kind)
        for at, kind in ((bench, Kind.STEP), (bench, Kind.UNDO), (without, Kind.STEP))
    ]

    assert ["break glass" in choice for choice in choices] == [True, False, False]
    assert without.decide("break glass", "olga", comment=WHY) is Event.GATE_REFUSED


def test_a_broken_glass_counts_no_more_when_the_plan_changes(tmp_path: Path) -> None:
    bench = begun(tmp_path)
    bench.decide("break glass", "olga", comment=WHY)
    changed = bench.plan.model_copy(update={"break_glass": None})

    assert isinstance(bench.next(), Perform)
    bench.plan = changed
    assert isinstance(bench.next(), AskPerson)


def test_a_gate_that_asks_for_evidence_asks_for_it_also_then(tmp_path: Path) -> None:
    text = "break_glass: {groups: [staff]}\nsteps:\n  - {id: bring, uses: lamp.provide}\n"
    bench = begun(tmp_path, text)

    assert bench.decide("break glass", "olga", comment=WHY) is Event.GATE_REFUSED
    assert "asks for a sealed value" in bench.state.refusal
