"""One path for every step: look, record, act, look again; and one door for every failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Fenced, OutcomeUnknown, Refused, Superseded, Transient
from engine.execution import perform
from engine.ledger import Event
from engine.progress import AskPerson, End, Perform
from engine.state import Kind, Status
from tests.engine.bench import Bench

LIGHT = "steps:\n  - {id: light, uses: lamp.light}\n"
RING = "steps:\n  - {id: ring, uses: lamp.ring, irreversible: true}\n"
MINT = "steps:\n  - {id: make, uses: lamp.mint}\n  - {id: light, uses: lamp.light}\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.of(LIGHT, tmp_path).begin()


def test_started_is_durable_before_the_world_is_touched(bench: Bench) -> None:
    bench.decide("approve")
    seen: list[list[str]] = []
    bench.lamps.witness = lambda: seen.append(bench.events)

    bench.make_move()

    assert seen[0][-1] == "light step.started"
    assert bench.events[-1] == "light step.succeeded"


def test_met_goal_is_left_alone(bench: Bench) -> None:
    bench.lamps.lit.add("a")
    bench.decide("approve")

    bench.make_move()

    assert bench.lamps.calls == []
    assert bench.events[-1] == "light step.found_done"
    assert isinstance(bench.next(), End)


def test_a_step_cut_off_before_its_effect_runs_again(bench: Bench) -> None:
    bench.decide("approve")
    bench.append(Event.STEP_STARTED, step="light", key="run-1")
    bench.resume()

    assert bench.next() == Perform(bench.plan.step("light"), interrupted=True)
    assert bench.make_move() is None
    assert bench.lamps.calls == ["light a"]


def test_a_step_cut_off_after_its_effect_is_found_done(bench: Bench) -> None:
    bench.decide("approve")
    bench.append(Event.STEP_STARTED, step="light", key="run-1")
    bench.lamps.lit.add("a")
    bench.resume()

    assert bench.make_move() is None
    assert bench.lamps.calls == []
    assert bench.events[-1] == "light step.found_done"


def test_a_cut_off_step_without_a_probe_is_not_repeated(tmp_path: Path) -> None:
    bench = Bench.of(RING, tmp_path).begin()
    bench.decide("approve")
    bench.append(Event.STEP_STARTED, step="ring", key="run-1")
    bench.resume()

    failed = bench.make_move()

    assert failed is not None
    assert failed.unknown
    assert bench.lamps.calls == []
    assert bench.next() == AskPerson(bench.plan.step("ring"), Kind.FAILURE)


def test_transient_failure_is_waited_out_with_growing_pauses(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.trouble = [Transient("busy"), Transient("busy"), Transient("busy", retry_after=7)]

    assert bench.make_move() is None
    assert [line for line in bench.told if line.startswith("slept")] == [
        "slept 1",
        "slept 2",
        "slept 7",
    ]


def test_each_line_of_a_step_says_which_run_step_and_attempt_it_is_about(bench: Bench) -> None:
    bench.decide("approve")
    bench.resume()
    bench.lamps.trouble = [Transient("busy")]

    bench.make_move()

    assert bench.told == [
        "run run-1 step light attempt 2: no answer yet, next try in 1 s",
        "slept 1",
    ]


def test_a_line_stays_one_line(bench: Bench) -> None:
    assert bench.state.line("it said:\n  no\n") == "run run-1 step - attempt 1: it said: no"


def test_patience_ends(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.trouble = [Transient("busy")] * 4

    failed = bench.make_move()

    assert failed is not None
    assert failed.message == "busy"
    assert len(bench.lamps.calls) == 4


def test_lost_answer_without_a_probe_is_not_retried(tmp_path: Path) -> None:
    bench = Bench.of(RING, tmp_path).begin()
    bench.decide("approve")
    bench.lamps.trouble = [Transient("no answer")]

    failed = bench.make_move()

    assert failed is not None
    assert failed.error == "OutcomeUnknown"
    assert bench.lamps.calls == ["ring"]


def test_lost_answer_with_a_probe_is_looked_up(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.lose_reply = True

    assert bench.make_move() is None
    assert bench.lamps.calls == ["light a"]


def test_a_goal_missed_after_the_run_is_not_called_success(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.stays_dark = True

    failed = bench.make_move()

    assert failed is not None
    assert failed.error == "NotConverged"
    assert bench.state.step("light").status is Status.FAILED


def test_an_unclear_world_is_not_touched(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.unclear = True

    failed = bench.make_move()

    assert failed is not None
    assert failed.error == OutcomeUnknown.__name__
    assert bench.lamps.calls == []


def test_a_fault_of_the_adapter_is_recorded_without_its_text(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.trouble = [ValueError("the-secret-value")]

    failed = bench.make_move()

    assert failed is not None
    assert "the-secret-value" not in str(failed)
    assert "ValueError" in failed.message
    assert "the-secret-value" not in str(bench.entries)


def test_known_secrets_are_masked_in_failures(tmp_path: Path) -> None:
    bench = Bench.of(MINT, tmp_path).begin()
    bench.decide("approve")
    bench.make_move()
    bench.decide("approve")
    bench.lamps.trouble = [
        Refused("the lamp said minted-secret-0", hint="Ask for minted-secret-0.")
    ]

    failed = bench.make_move()

    assert failed is not None
    assert failed.message == "the lamp said ******"
    assert "minted-secret-0" not in str(bench.entries)


def test_a_minted_value_is_sealed_with_the_entry_that_says_so(tmp_path: Path) -> None:
    bench = Bench.of(MINT, tmp_path).begin()
    bench.decide("approve")

    bench.make_move()

    drawer = bench.desk.journal.sealed("run-1")
    assert set(drawer) == {("make", "value")}
    assert bench.desk.seal.open(drawer["make", "value"]).get_secret_value() == "minted-secret-0"
    assert bench.state.step("make").outputs == {"label": "fresh"}


def test_a_minted_value_is_the_same_after_a_crash(tmp_path: Path) -> None:
    bench = Bench.of(MINT, tmp_path).begin()
    bench.decide("approve")
    bench.make_move()
    bench.resume()

    bench.sail()

    assert bench.lamps.minted == ["minted-secret-0"]


def test_a_stale_attempt_may_not_act(bench: Bench) -> None:
    bench.decide("approve")
    stale = bench.job("light")
    bench.resume()

    with pytest.raises(Fenced):
        perform(stale)

    assert bench.lamps.calls == []


def test_a_step_is_not_tried_again_once_another_process_has_the_run(bench: Bench) -> None:
    bench.decide("approve")
    stale = bench.job("light")
    bench.lamps.trouble = [Transient("no answer")]
    bench.lamps.witness = lambda: bench.resume() if bench.state.attempt == 1 else None

    with pytest.raises(Superseded, match="run-1 is at attempt 2, and this is attempt 1"):
        perform(stale)

    assert bench.lamps.calls == ["light a"]


def test_a_value_that_was_not_brought_is_refused(tmp_path: Path) -> None:
    bench = Bench.of("steps:\n  - {id: bring, uses: lamp.provide}\n", tmp_path).begin()

    assert bench.decide("approve") == "gate.refused"
    assert "asks for a sealed value" in bench.state.refusal


def test_a_first_look_that_fails_for_a_moment_is_tried_again(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.blind = 2

    assert bench.make_move() is None
    assert bench.lamps.calls == ["light a"]


def test_a_step_is_not_run_again_when_only_the_second_look_failed(bench: Bench) -> None:
    bench.decide("approve")
    bench.lamps.witness = lambda: setattr(bench.lamps, "blind", 1)

    assert bench.make_move() is None
    assert bench.lamps.calls == ["light a"]
