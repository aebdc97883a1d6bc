"""What was proven must still hold in the moment the old value is to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import NotConverged, Refused, RunbookError, Transient
from engine.ledger import Event
from engine.progress import may_roll_back
from engine.state import Status
from engine.step import Unclear
from tests.engine.bench import Bench

TEXT = """gate: {groups: [staff]}
steps:
  - {id: light, uses: lamp.light}
  - {id: works, uses: lamp.verify}
  - {id: revoke, uses: lamp.revoke, with: {bulb: old}}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A run that has proven the new lamp, and an approval to end the old one."""
    bench = Bench.of(TEXT, tmp_path).begin()
    for _ in ("light", "works"):
        bench.decide("approve")
        bench.make_move()
    bench.decide("approve")
    return bench


def test_a_proof_that_holds_is_recorded_with_the_start_of_the_revocation(bench: Bench) -> None:
    assert bench.make_move() is None

    (started,) = [e for e in bench.entries if (e.event, e.step) == (Event.STEP_STARTED, "revoke")]
    assert started.details["proofs"] == {"light": "lamp a is lit", "works": "it rang"}
    assert all("proofs" not in e.details for e in bench.entries if e.step != "revoke")


def test_nothing_is_revoked_after_the_rollout_was_reverted(bench: Bench) -> None:
    bench.lamps.lit.discard("a")

    failed = bench.make_move()

    assert failed is not None
    assert "`light` was done and does not hold any more: lamp a is dark" in failed.message
    assert "light old" not in bench.lamps.calls
    assert bench.state.step("revoke").status is Status.FAILED
    assert may_roll_back(bench.plan, bench.state)


def test_nothing_is_revoked_while_a_look_cannot_tell(bench: Bench) -> None:
    registry = dict(bench.desk.registry)
    registry["lamp.light"] = replace(
        registry["lamp.light"], probe=lambda *_: Unclear("it flickers")
    )
    bench.desk = replace(bench.desk, registry=registry)

    failed = bench.make_move()

    assert failed is not None
    assert "does not hold any more: it flickers" in failed.message
    assert "light old" not in bench.lamps.calls


@pytest.mark.parametrize("kind", [Refused, NotConverged])
def test_nothing_is_revoked_after_the_check_fails(bench: Bench, kind: type[RunbookError]) -> None:
    bench.lamps.trouble.append(kind("the service answered 500"))

    failed = bench.make_move()

    assert failed is not None
    assert "nothing was revoked: `works` was done" in failed.message
    assert "the service answered 500" in failed.message
    assert "light old" not in bench.lamps.calls


def test_a_check_that_gets_no_answer_is_waited_for(bench: Bench) -> None:
    bench.lamps.trouble.append(Transient("no answer"))

    assert bench.make_move() is None
    assert bench.lamps.calls.count("light old") == 1


def test_a_mended_world_lets_the_revocation_be_retried(bench: Bench) -> None:
    bench.lamps.lit.discard("a")
    bench.make_move()
    bench.lamps.lit.add("a")
    bench.decide("retry")

    assert bench.make_move() is None
    assert bench.state.step("revoke").status is Status.DONE


def test_what_a_person_vouched_for_is_not_asked_again(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path).begin()
    bench.lamps.stays_dark = True
    bench.decide("approve")
    bench.make_move()
    bench.decide("mark done", comment="seen with my own eyes")
    bench.lamps.stays_dark = False
    bench.sail()

    assert bench.state.step("revoke").status is Status.DONE
    assert not bench.lamps.lit - {"old"}
