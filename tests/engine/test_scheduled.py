"""A schedule is nobody: it stands for no one's yes, and four eyes take two people where it began."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.ledger import SCHEDULE, Event
from engine.policy import people_needed
from engine.progress import AskPerson, Perform
from engine.runbook import Gate
from tests.engine.bench import Bench, person

TEXT = """\
break_glass: {groups: [staff]}
gate: {groups: [staff, admins], initiator_may_approve: false}
steps:
  - {id: a, uses: lamp.light}
"""
WHY = "the key leaks right now"


def begun(folder: Path) -> Bench:
    bench = Bench.of(TEXT, folder)
    bench.append(
        Event.RUN_STARTED, actor=SCHEDULE, attempt=1, runbook="try", plan=bench.plan.text()
    )
    return bench


def waits(bench: Bench) -> bool:
    return isinstance(bench.next(), AskPerson)


def test_four_eyes_take_two_people_where_nobody_started_the_run(tmp_path: Path) -> None:
    bench = begun(tmp_path)

    assert bench.decide("approve", "olga") is Event.GATE_APPROVED
    assert waits(bench)
    assert bench.decide("approve", "OLGA ") is Event.GATE_REFUSED
    assert waits(bench)
    assert bench.decide("approve", "olga") is Event.GATE_APPROVED
    assert waits(bench)
    assert bench.decide("approve", "anna") is Event.GATE_APPROVED
    assert bench.next() == Perform(bench.plan.step("a"))


def test_nobody_who_calls_themselves_a_schedule_is_one(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path).begin("schedule")
    bench.decide("approve", "olga")

    assert bench.next() == Perform(bench.plan.step("a"))
    assert people_needed(bench.plan.gate, person("schedule")) == 1


def test_glass_that_one_person_breaks_is_not_four_eyes(tmp_path: Path) -> None:
    bench = begun(tmp_path)

    assert bench.decide("break glass", "olga", comment=WHY) is Event.GLASS_BROKEN
    assert waits(bench)
    assert bench.decide("break glass", "olga", comment=WHY) is Event.GLASS_BROKEN
    assert waits(bench)
    assert bench.decide("approve", "anna") is Event.GATE_APPROVED
    assert bench.next() == Perform(bench.plan.step("a"))


@pytest.mark.parametrize(("approvals", "four_eyes", "needed"), [
    (1, False, 1), (1, True, 2), (2, True, 2), (3, True, 3), (2, False, 2),
])  # fmt: skip
def test_a_gate_is_never_asked_for_less_than_it_says(
    approvals: int, needed: int, *, four_eyes: bool
) -> None:
    gate = Gate(approvals=approvals, initiator_may_approve=not four_eyes)

    assert people_needed(gate, SCHEDULE) == needed
    assert people_needed(gate, person("otto")) == approvals
