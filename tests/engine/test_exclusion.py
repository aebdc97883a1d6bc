"""What a step must have to itself it has, waits for, and gives back whatever becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine import exclusion
from engine.errors import Refused
from engine.job import Patience
from tests.engine.bench import Bench

ALONE = "steps:\n  - {id: light, uses: lamp.alone}\n"


def test_a_step_has_its_resource_to_itself_while_it_acts(tmp_path: Path) -> None:
    bench = Bench.of(ALONE, tmp_path).begin()
    bench.decide("approve")
    seen: list[str] = []
    journal = bench.desk.journal
    bench.lamps.witness = lambda: seen.append(journal.lease_holder("lamp:a"))

    assert bench.make_move() is None
    assert seen[0].startswith("run run-1 has it")
    assert journal.lease_holder("lamp:a") == "nobody has it"


def test_a_failed_step_gives_its_resource_back(tmp_path: Path) -> None:
    bench = Bench.of(ALONE, tmp_path).begin()
    bench.decide("approve")
    bench.lamps.trouble = [Refused("no")]

    assert bench.make_move() is not None
    assert bench.desk.journal.lease_holder("lamp:a") == "nobody has it"


def test_a_step_waits_for_its_turn_and_has_not_started_meanwhile(tmp_path: Path) -> None:
    bench = Bench.of(ALONE, tmp_path).begin()
    bench.decide("approve")
    journal = bench.desk.journal
    number = journal.lease("lamp:a", "another", seconds=600)
    assert number is not None
    events: list[str] = []

    def sleep(seconds: float) -> None:
        events.append(bench.events[-1])
        journal.give_back("lamp:a", "another", number)

    bench.desk = replace(bench.desk, patience=Patience(sleep=sleep))

    assert bench.make_move() is None
    assert events == ["light gate.approved"]
    assert any("waits for its turn at lamp:a" in line for line in bench.told)


def test_a_queue_without_end_is_told_to_a_person(tmp_path: Path) -> None:
    bench = Bench.of(ALONE, tmp_path).begin()
    bench.decide("approve")
    bench.desk.journal.lease("lamp:a", "another", seconds=10 * exclusion.LONGEST_QUEUE)

    failed = bench.make_move()

    assert failed is not None
    assert failed.error == "Locked"
    assert "run another has it until" in failed.message
    assert bench.lamps.calls == []
