"""Whatever people decide and wherever it is cut off, the pure core keeps its promises."""

from __future__ import annotations

import pytest
from hypothesis import settings

from engine.ledger import Event
from tests.engine.core import ORDER, PLANS, Core

REJECT = 2
"""Place of a no among the decisions at a step's gate."""


@pytest.mark.parametrize("by", ["olga", "anna"])
@pytest.mark.parametrize("stop", ORDER)
@pytest.mark.parametrize("came_to", ["", "fails", "is cut off"])
def test_no_answer_counts_that_must_not(by: str, stop: str, came_to: str) -> None:
    core = Core()
    core.begin(by=by, stop=stop, came_to=came_to)
    for hours in (0, 25):
        core.everybody_says_everything(hours=hours)
        core.the_engine_moves(outcomes=["succeeds", "succeeds"])
    core.people_answer(names=["ada", "ada"], choice=REJECT, through="")  # the first is too late
    core.the_engine_moves(outcomes=["succeeds", "succeeds"])

    assert core.entries[0].actor.subject == by


@pytest.mark.parametrize("stop", ORDER)
def test_an_approval_outlives_a_crash_and_not_an_edit(stop: str) -> None:
    core = Core()
    core.begin(by="olga", stop=stop, came_to="")
    core.people_answer(names=["anna"], choice=0, through="")
    core.crash()
    core.no_valid_approval_is_lost()
    core.people_answer(names=["anna", "ada"], choice=0, through="")
    core.edit_the_runbook(which=PLANS[1])

    core.the_engine_moves(outcomes=["succeeds", "succeeds"])


def test_one_person_who_approves_twice_is_not_two() -> None:
    core = Core()
    core.begin(by="olga", stop="revoke", came_to="")
    core.people_answer(names=["anna", "anna"], choice=0, through="")

    core.the_engine_moves(outcomes=["succeeds"])

    assert [e for e in core.entries if e.event is Event.STEP_STARTED and e.step == "revoke"] == []


Core.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestCore = Core.TestCase
