"""An edited runbook is shown as what it is: the difference to what was approved."""

from __future__ import annotations

from pathlib import Path

from engine.difference import differences
from tests.engine.bench import Bench

BEFORE = """\
gate: {groups: [staff]}
steps:
  - {id: a, uses: lamp.light}
  - {id: b, uses: lamp.shine}
  - {id: c, uses: lamp.verify}
"""


def told(before: str, after: str, folder: Path) -> tuple[str, ...]:
    return differences(Bench.of(before, folder).plan, Bench.of(after, folder).plan)


def test_equal_plans_differ_in_nothing(tmp_path: Path) -> None:
    assert told(BEFORE, BEFORE, tmp_path) == ()


def test_each_change_has_its_sentence(tmp_path: Path) -> None:
    after = """\
gate: {groups: [staff]}
steps:
  - {id: b, uses: lamp.light, with: {bulb: z}}
  - {id: a, uses: lamp.light, gate: {groups: [admins], approvals: 2, initiator_may_approve: false}}
  - {id: d, uses: lamp.verify, may_skip: true}
"""

    assert told(BEFORE, after, tmp_path) == (
        "step c is gone",
        "step d is new",
        "the order is now b, a, d",
        "step a: the gate is 2 of admins within 1d, not the initiator and was 1 of staff within 1d",
        "step b uses lamp.light and no longer lamp.shine",
        "step b: bulb is 'z' and was None",
    )


def test_a_changed_default_gate_is_told(tmp_path: Path) -> None:
    after = BEFORE.replace("[staff]", "[admins]")

    assert "the runbook's gate is another" in told(BEFORE, after, tmp_path)
