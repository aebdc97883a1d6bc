"""What was done is taken back, as far as it got, and the ledger says how."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Refused
from engine.ledger import Event
from engine.progress import End
from engine.state import Outcome
from tests.engine.bench import Bench

LIGHT = "steps:\n  - {id: light, uses: lamp.light}\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.of(LIGHT, tmp_path).begin()


def test_undo_is_recorded_and_carries_another_key(tmp_path: Path) -> None:
    text = (
        "steps:\n  - {id: light, uses: lamp.light}\n  - {id: shine, uses: lamp.shine}\n"
        "  - {id: ring, uses: lamp.ring, irreversible: true}\n"
    )
    bench = Bench.of(text, tmp_path).begin()
    for _ in range(2):
        bench.decide("approve")
        bench.make_move()
    bench.decide("reject", comment="not tonight")
    bench.decide("roll back")
    bench.sail()

    assert bench.lamps.calls == ["light a", "put out a", "light a"]
    assert bench.lamps.keys == ["run-1/light", "run-1/shine-back"]
    assert bench.next() == End(Outcome.ROLLED_BACK)


@pytest.mark.parametrize("reached", [False, True])
def test_what_never_came_to_its_end_is_taken_back_as_far_as_it_got(
    bench: Bench, reached: bool
) -> None:
    bench.decide("approve")
    bench.lamps.trouble = [Refused("the fuse is gone")]
    if reached:
        bench.lamps.witness = lambda: bench.lamps.lit.add("a")
    assert bench.make_move() is not None
    bench.decide("roll back")
    bench.sail()

    last = [entry for entry in bench.entries if entry.event is Event.UNDO_SUCCEEDED][-1]
    assert bench.next() == End(Outcome.ROLLED_BACK)
    assert bench.lamps.lit == set()
    assert ("put out a" in bench.lamps.calls) is reached
    assert ("had no effect" in str(last.details["evidence"])) is not reached


def test_nothing_is_taken_back_where_it_is_unclear_what_was_done(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.trouble = [Refused("the fuse is gone")]
    bench.make_move()
    bench.lamps.unclear = True
    bench.decide("roll back")
    bench.sail()

    last = [entry for entry in bench.entries if entry.event is Event.UNDO_FAILED][-1]
    assert "unclear: the lamp flickers" in str(last.details["message"])
