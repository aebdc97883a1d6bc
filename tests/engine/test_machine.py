"""Whatever people decide and wherever it is cut off, the pure core keeps its promises."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.engine.core import ORDER, Core

Core.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestCore = Core.TestCase


@pytest.mark.parametrize("by", ["olga", "anna"])
@pytest.mark.parametrize("stop", ORDER)
@pytest.mark.parametrize("is_tried", [False, True])
def test_no_answer_counts_that_must_not(by: str, stop: str, is_tried: bool) -> None:
    core = Core()
    core.begin(by=by, stop=stop, is_tried=is_tried)
    for hours in (0, 25):
        core.everybody_says_everything(hours=hours)

    assert core.entries[0].actor.subject == by
