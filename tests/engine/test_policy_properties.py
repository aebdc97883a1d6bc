"""Whatever was said by whom: a freeze opens nothing, and the glass only for whom it is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue import Catalogue
from engine.checks import read_runbook
from engine.freeze import Window
from engine.plan import Plan, PlannedStep, make_plan
from engine.policy import is_open
from engine.present import Present
from engine.state import Approval, Kind, RunState
from engine.surroundings import Surroundings
from tests.engine.bench import PEOPLE, person
from tests.engine.lamp import Lamps, steps

NAMES = ["olga", "otto", "anna", "ada", "mallory"]
REGISTRY = steps(Lamps())
TEXT = """\
runbook: try
title: Try
break_glass: {groups: [staff]}
gate: {groups: [staff, admins]}
steps:
  - {id: a, uses: lamp.light}
  - {id: b, uses: lamp.shine, gate: {approvals: 2}}
  - {id: verify, uses: lamp.verify}
  - {id: revoke, uses: lamp.revoke, gate: {groups: [admins], initiator_may_approve: false}}
"""
UNTIL = "2026-11-23T04:00:00.000000Z"
IN_TIME, LATE = "2026-11-23T03:59:59.000000Z", "2026-11-23T04:00:00.000001Z"
FROZEN = Window("night", "2026-11-24T00:00:00.000000Z", ("admins",))


def _plan() -> Plan:
    runbook, _ = read_runbook(TEXT, "try.yaml", Surroundings(REGISTRY, Catalogue(), PEOPLE, {}))
    return make_plan(runbook, {}, REGISTRY, Catalogue(), {})


PLAN = _plan()
said = st.builds(
    lambda name, step, through, until, glass: Approval(
        step, step if glass else through, Kind.STEP, person(name), "", "", PLAN.digest, until, glass
    ),
    st.sampled_from(NAMES),
    st.sampled_from([step.id for step in PLAN.steps]),
    st.sampled_from([step.id for step in PLAN.steps]),
    st.sampled_from(["", UNTIL]),
    st.booleans(),
)
states = st.builds(
    lambda approvals, by: RunState("r", initiator=person(by), approvals=tuple(approvals)),
    st.lists(said, max_size=6),
    st.sampled_from(NAMES),
)


@given(states, st.sampled_from(PLAN.steps), st.sampled_from([IN_TIME, LATE]))
def test_a_freeze_never_opens_a_gate_and_lets_only_whom_it_names(
    state: RunState, step: PlannedStep, at: str
) -> None:

    frozen = is_open(PLAN, state, step, Kind.STEP, Present(at, FROZEN))
    passing = [one for one in state.approvals if one.glass or FROZEN.lets(one.actor)]

    assert not frozen or is_open(PLAN, state, step, Kind.STEP, Present(at))
    if frozen and step.id != "verify":
        assert passing


@given(states, st.sampled_from(PLAN.steps))
def test_time_only_ever_closes_a_gate(state: RunState, step: PlannedStep) -> None:

    late = is_open(PLAN, state, step, Kind.STEP, Present(LATE))
    lasting = [one for one in state.approvals if not one.until]

    assert not late or is_open(PLAN, state, step, Kind.STEP, Present(IN_TIME))
    assert not late or lasting


@given(states)
def test_the_glass_opens_its_own_gate_alone_and_only_for_its_groups(state: RunState) -> None:
    broken = [one for one in state.approvals if one.glass]
    only = RunState("r", initiator=state.initiator, approvals=tuple(broken))
    for step in PLAN.steps:
        here = [one for one in broken if one.step == step.id and "staff" in one.actor.groups]
        if step.id == "revoke":
            here = [one for one in here if one.actor.subject != state.initiator.subject]
        counted = {one.actor.subject for one in broken if one.step == step.id}

        opened = is_open(PLAN, only, step, Kind.STEP)
        assert opened or not here
        assert not opened or counted
