"""No gate opens that the policy keeps shut, and what a person decides is what happens."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.ledger import Event
from engine.plan import Plan
from engine.policy import furthest
from engine.progress import AskPerson, End, Perform
from engine.state import Kind, Outcome, Status
from tests.engine.bench import NOW, Bench, person

TWO = "gate: {groups: [staff]}\nsteps:\n  - {id: a, uses: lamp.light}\n  - {id: b, uses: lamp.shine}\n"
STRICT = """\
gate: {groups: [staff, admins]}
steps:
  - {id: a, uses: lamp.light}
  - {id: look, uses: lamp.look, gate: none}
  - {id: b, uses: lamp.shine}
  - {id: verify, uses: lamp.verify}
  - id: revoke
    uses: lamp.revoke
    with: {bulb: old}
    gate: {groups: [admins], approvals: 2, initiator_may_approve: false}
"""


def begun(text: str, folder: Path, by: str = "otto") -> Bench:
    return Bench.of(text, folder).begin(by)


def test_an_approved_step_runs_and_the_next_asks_again(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)

    assert bench.decide("approve") is Event.GATE_APPROVED
    assert bench.next() == Perform(bench.plan.step("a"))
    bench.make_move()
    assert bench.next() == AskPerson(bench.plan.step("b"), Kind.STEP)


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("anna", "anna is in none of the groups staff"),
        ("mallory", "mallory is in none of the groups staff"),
        ("", "nobody said who they are"),
    ],
)
def test_a_person_outside_the_groups_opens_nothing(tmp_path: Path, by: str, why: str) -> None:
    bench = begun(TWO, tmp_path)

    assert bench.decide("approve", by) is Event.GATE_REFUSED
    assert bench.state.refusal == why
    assert isinstance(bench.next(), AskPerson)


def test_two_approvals_take_two_people(tmp_path: Path) -> None:
    bench = begun(STRICT, tmp_path)
    _up_to_revoke(bench)

    bench.decide("approve", "anna")
    bench.decide("approve", "anna")
    bench.decide("approve", " ANNA".strip().lower())
    assert isinstance(bench.next(), AskPerson)
    bench.decide("approve", "ada")

    assert bench.next() == Perform(bench.plan.step("revoke"))


def test_the_initiator_does_not_count_where_four_eyes_are_asked_for(tmp_path: Path) -> None:
    bench = begun(STRICT, tmp_path, by="anna")
    _up_to_revoke(bench)

    assert bench.decide("approve", "anna") is Event.GATE_REFUSED
    assert "asks for somebody else" in bench.state.refusal


def test_an_answer_after_the_expiry_is_refused(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)

    assert bench.decide("approve", now=NOW + timedelta(hours=5)) is Event.GATE_EXPIRED
    assert isinstance(bench.next(), AskPerson)


def test_a_yes_reaches_the_step_it_names_and_no_further(tmp_path: Path) -> None:
    bench = begun(STRICT, tmp_path)
    bench.decide("approve", through="b")
    for step in ("a", "look", "b"):
        assert bench.next() == Perform(bench.plan.step(step))
        bench.make_move()

    assert bench.next() == AskPerson(bench.plan.step("verify"), Kind.STEP)


def test_a_yes_does_not_reach_past_a_stricter_gate(tmp_path: Path) -> None:
    bench = begun(STRICT, tmp_path)

    assert bench.decide("approve", through="revoke") is Event.GATE_REFUSED
    assert "can reach no further than verify" in bench.state.refusal


def test_reach_stops_before_a_gate_that_wants_a_fresher_sign_in(tmp_path: Path) -> None:
    text = (
        "steps:\n  - {id: a, uses: lamp.light}\n"
        "  - {id: b, uses: lamp.light, gate: {signed_in_within: 1h}}\n"
        "  - {id: c, uses: lamp.light, gate: {signed_in_within: 2h}}\n"
    )
    bench = begun(text, tmp_path)

    reach = {s.id: len(furthest(bench.plan, s, Kind.STEP)) for s in bench.plan.steps}

    assert reach == {"a": 1, "b": 2, "c": 1}


def test_reach_stops_before_a_step_that_asks_a_person_for_something(tmp_path: Path) -> None:
    text = "steps:\n  - {id: a, uses: lamp.light}\n  - {id: c, uses: lamp.confirm}\n"
    bench = begun(text, tmp_path)

    assert [step.id for step in furthest(bench.plan, bench.plan.step("a"), Kind.STEP)] == ["a"]


def test_approvals_lapse_when_the_plan_changes(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.decide("approve")
    first = bench.plan.step("a")
    changed = bench.plan.model_copy(
        update={"steps": (first.model_copy(update={"with_": {"bulb": "z"}}), bench.plan.steps[1])}
    )

    assert isinstance(bench.next(), Perform)
    bench.plan = changed
    assert isinstance(bench.next(), AskPerson)


def test_an_answer_to_a_form_of_the_old_plan_is_refused(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.open()
    bench.plan = Plan.model_validate({**bench.plan.model_dump(), "title": "Another"})

    assert bench.decide("approve") is Event.GATE_REFUSED
    assert bench.state.refusal == "the runbook was changed after the gate was opened"


def test_rejecting_before_anything_changed_ends_the_run(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)

    bench.decide("reject", comment="wrong night")

    assert bench.next() == End(Outcome.REJECTED)


def test_rejecting_after_a_change_asks_what_shall_become_of_it(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.decide("approve")
    bench.make_move()
    bench.decide("reject", comment="wrong lamp")

    assert bench.next() == AskPerson(bench.plan.step("b"), Kind.FAILURE)
    assert bench.state.step("b").error == "rejected by olga: wrong lamp"


def test_retry_after_a_rejection_asks_for_approval_again(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.decide("approve")
    bench.make_move()
    bench.decide("reject")
    bench.decide("retry")

    assert bench.next() == AskPerson(bench.plan.step("b"), Kind.STEP)


def test_retry_after_a_failure_keeps_the_approval(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.lamps.stays_dark = True
    bench.decide("approve")
    bench.make_move()
    bench.lamps.stays_dark = False
    bench.decide("retry")

    assert bench.next() == Perform(bench.plan.step("a"))


def test_skip_is_taken_only_where_the_step_allows_it(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    assert bench.decide("skip") is Event.GATE_REFUSED

    lenient = begun(TWO.replace("lamp.light}", "lamp.light, may_skip: true}"), tmp_path / "b")
    assert lenient.decide("skip", comment="is lit elsewhere") is Event.GATE_SKIPPED
    assert lenient.state.step("a").status is Status.SKIPPED
    assert lenient.lamps.calls == []


def test_mark_done_needs_evidence(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.lamps.stays_dark = True
    bench.decide("approve")
    bench.make_move()

    assert bench.decide("mark done", comment="ok") is Event.GATE_REFUSED
    assert bench.decide("mark done", comment="lit it with a match") is Event.FAILURE_DECIDED
    assert bench.state.step("a").status is Status.DONE
    assert bench.state.step("a").by == "olga"


def test_stop_leaves_everything_as_it_is(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.decide("approve")
    bench.make_move()
    bench.decide("reject")
    bench.decide("stop")

    assert bench.next() == End(Outcome.STOPPED)
    assert bench.lamps.calls == ["light a"]


def test_there_is_no_way_back_from_the_point_of_no_return(tmp_path: Path) -> None:
    bench = begun(STRICT, tmp_path)
    _up_to_revoke(bench)
    bench.lamps.stays_dark = True
    bench.decide("approve", "anna")
    bench.decide("approve", "ada")
    bench.make_move()

    assert bench.next() == AskPerson(bench.plan.step("revoke"), Kind.FAILURE)
    assert bench.decide("roll back", "ada") is Event.GATE_REFUSED


def test_a_sealed_value_is_judged_at_the_gate(tmp_path: Path) -> None:
    bench = begun("steps:\n  - {id: bring, uses: lamp.provide}\n", tmp_path)
    seal = bench.desk.seal

    assert bench.decide("approve", sealed_value="sk-in-clear") is Event.GATE_REFUSED
    assert "not a sealed value" in bench.state.refusal
    assert (
        bench.decide("approve", sealed_value=seal.close(SecretStr("short"))) is Event.GATE_REFUSED
    )
    assert bench.state.refusal == "the value is too short"
    folded = seal.close(SecretStr("long enough")).replace("\n", " ")
    assert bench.decide("approve", sealed_value=folded) is Event.GATE_APPROVED
    assert bench.make_move() is None
    assert "long enough" not in str(bench.entries)


def test_evidence_is_asked_for_where_the_step_wants_it(tmp_path: Path) -> None:
    bench = begun("steps:\n  - {id: c, uses: lamp.confirm}\n", tmp_path)

    assert bench.decide("approve") is Event.GATE_REFUSED
    assert bench.decide("approve", comment="I saw it glow") is Event.GATE_APPROVED


def test_an_overlong_comment_is_refused_and_not_kept(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)

    assert bench.decide("approve", comment="x" * 3000) is Event.GATE_REFUSED
    assert len(bench.entries[-1].details["comment"]) == 2000


def test_actors_are_recorded_with_how_they_were_verified(tmp_path: Path) -> None:
    bench = begun(TWO, tmp_path)
    bench.decide("approve")

    assert bench.entries[-1].actor == person("olga")
    assert bench.entries[-1].actor.verified == "claimed"


def _up_to_revoke(bench: Bench) -> None:
    bench.decide("approve", "olga", through="verify")
    while isinstance(bench.next(), Perform):
        assert bench.make_move() is None


def test_a_strict_gate_takes_two_people_to_call_a_failed_step_done(tmp_path: Path) -> None:
    bench = begun(STRICT, tmp_path)
    _up_to_revoke(bench)
    bench.lamps.stays_dark = True
    bench.decide("approve", "anna")
    bench.decide("approve", "ada")
    bench.make_move()

    bench.decide("mark done", "anna", comment="saw it in the console")
    assert bench.state.step("revoke").status is Status.FAILED
    bench.decide("mark done", "anna", comment="saw it in the console")
    assert bench.state.step("revoke").status is Status.FAILED
    bench.decide("mark done", "ada", comment="so did I")

    assert bench.state.step("revoke").status is Status.DONE
    assert bench.state.step("revoke").by == "anna, ada"
