"""The order of the way back: what consumers live on goes last."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Refused
from engine.ledger import Event
from engine.progress import AskPerson, End, rollback_order
from engine.state import Kind, Outcome
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


ADOPTED = """gate: {groups: [staff]}
steps:
  - {id: adopt, uses: lamp.adopt, gate: none}
  - {id: light, uses: lamp.light}
  - {id: carry, uses: lamp.shine, with: {bulb: carry}}
"""


def test_what_a_person_made_is_ended_last_and_not_without_a_yes_of_its_own(tmp_path: Path) -> None:
    bench = Bench.of(ADOPTED, tmp_path).begin()
    bench.make_move()
    for _ in range(2):
        bench.decide("approve")
        bench.make_move()
    bench.append(Event.STEP_FAILED, step="carry", error="x", message="", hint="", unknown=False)
    bench.decide("roll back")
    for _ in range(2):
        bench.decide("approve")
        bench.make_move()

    move = bench.next()
    assert isinstance(move, AskPerson)
    assert (move.step.id, move.kind) == ("adopt", Kind.UNDO)
    bench.sail()
    assert _taken_back(bench) == ["light", "carry", "adopt"]


PUBLISHED = """gate: {groups: [staff]}
steps:
  - {id: early, uses: lamp.shine, with: {bulb: early}}
  - {id: publish, uses: lamp.light, with: {bulb: publish}}
  - {id: carry, uses: lamp.shine, with: {bulb: carry}}
  - {id: look, uses: lamp.look}
"""


@pytest.mark.parametrize(("published", "order"), [(1, ["publish", "carry"]), (0, [])])
def test_what_was_published_is_carried_back_also_where_the_run_came_no_further(
    tmp_path: Path, published: int, order: list[str]
) -> None:
    bench = Bench.of(PUBLISHED, tmp_path).begin()
    for _ in range(1 + published):
        bench.decide("approve")
        bench.make_move()
    bench.decide("reject")
    bench.decide("roll back")

    bench.sail()

    assert bench.next() == End(Outcome.ROLLED_BACK)
    assert _taken_back(bench) == [*order[:1], "early", *order[1:]]


def test_nothing_is_carried_back_where_nothing_was_published(tmp_path: Path) -> None:
    bench = Bench.of(PUBLISHED, tmp_path).begin()
    bench.decide("approve")
    bench.make_move()
    bench.decide("approve")
    bench.lamps.trouble = [Refused("the fuse is gone")]
    bench.make_move()
    bench.decide("roll back")

    bench.sail()

    assert bench.next() == End(Outcome.ROLLED_BACK)
    assert _taken_back(bench) == ["publish", "early"]


def _taken_back(bench: Bench) -> list[str]:
    return [entry.step for entry in bench.entries if entry.event is Event.UNDO_SUCCEEDED]
