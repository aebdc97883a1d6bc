"""The order of the way back: what consumers live on goes last."""

from __future__ import annotations

from pathlib import Path

from engine.progress import rollback_order
from tests.engine.bench import Bench

TEXT = """gate: {groups: [staff]}
steps:
  - {id: forge, uses: lamp.forge}
  - {id: store, uses: lamp.light, with: {bulb: store}}
  - {id: carry, uses: lamp.shine, with: {bulb: carry}}
  - {id: last, uses: lamp.light, with: {bulb: last}}
"""


def test_a_value_made_outside_ends_after_the_old_one_is_carried_out_again(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path).begin()
    for _ in range(4):
        bench.decide("approve")
        bench.make_move()

    order = rollback_order(bench.plan, bench.state, bench.job("forge").desk.registry)

    assert [step.id for step in order] == ["last", "store", "carry", "forge"]
