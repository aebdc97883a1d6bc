"""A yes given before its run is started: for one plan, until one moment, for one run.

It stands for a yes at the plan's first gate, and reaches as far as that would. A strict gate, which
asks for several people, for somebody else than the initiator or for a fresh sign-in, takes none, and
neither does one that asks a person for something.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.ledger import CLAIMED, Actor, Draft, Entry, Event, timestamp
from engine.plan import Plan, PlannedStep
from engine.policy import furthest, objection
from engine.runbook import Gate
from engine.state import NOBODY, Kind, RunState
from engine.step import Ask

LONGEST = timedelta(days=31)
"""How far ahead anybody may approve."""

EVENTS = (Event.RUN_PREAPPROVED, Event.GATE_PREAPPROVED)
"""What `choose` has to be given."""


@dataclass(frozen=True)
class Choice:
    """What a run that starts may rely on, or why it may not."""

    entry: Entry | None = None
    why: str = ""
    """Why the newest that was meant for this plan does not count; empty where there is none."""


def refusal(plan: Plan, person: Actor, through: str, until: datetime, now: datetime) -> str:
    """Say why this person may not approve the plan beforehand; empty if they may."""
    first = first_gate(plan)
    if first is None or first.gate is None:
        return f"{plan.runbook} asks nobody, so there is nothing to approve"
    against = objection(first.gate, person, NOBODY)
    if against:
        return against
    if all(step.id != through for step in plan.steps):
        return f"{plan.runbook} has no step {through}"
    if not now < until <= now + LONGEST:
        return f"it must end after now and within {LONGEST.days} days, not at {timestamp(until)}"
    if first.ask is not Ask.NOTHING:
        return f"the gate before {first.id} asks a person for something"
    reach = furthest(plan, first, Kind.STEP)
    ids = [step.id for step in reach]
    if through not in ids:
        return f"a yes at {first.id} can reach no further than {ids[-1]}, not through {through}"
    return _strictness(reach[: ids.index(through) + 1])


def first_gate(plan: Plan) -> PlannedStep | None:
    """Return the first step that asks; None where none does."""
    return next((step for step in plan.steps if step.gate is not None), None)


def choose(
    entries: Iterable[Entry], plan: Plan, now: datetime, *, takes_claims: bool = True
) -> Choice:
    """Return the approval that a run of this plan may take up now.

    Without `takes_claims`, one by a name that was merely typed does not count; at a strict gate none
    does, whoever wrote it into the ledger.
    """
    told = tuple(entries)
    used = {e.details["preapproval"] for e in told if e.event is Event.GATE_PREAPPROVED}
    meant = [e for e in told if e.event is Event.RUN_PREAPPROVED and e.plan == plan.digest]
    unused = [entry for entry in meant if entry.sequence not in used]
    believed = [e for e in unused if takes_claims or e.actor.verified != CLAIMED]
    free = [entry for entry in believed if timestamp(now) <= entry.details["until"]]
    if not unused:
        return Choice()
    first = first_gate(plan)
    strict = _strictness([first] if first else [])
    if free or strict:
        return Choice(why=strict) if strict else Choice(free[0])
    last = (believed or unused)[-1]
    if not believed:
        return Choice(why=f"the approval of entry {last.sequence} is claimed, not verified")
    return Choice(why=f"the approval of entry {last.sequence} ended at {last.details['until']}")


def taken_up(entry: Entry, plan: Plan, state: RunState) -> Draft:
    """Return the entry with which a run relies on an approval from before."""
    first = first_gate(plan)
    assert first is not None
    return Draft(
        run=state.run,
        event=Event.GATE_PREAPPROVED,
        actor=entry.actor,
        step=first.id,
        attempt=state.attempt,
        plan=plan.digest,
        details={
            "preapproval": entry.sequence,
            "kind": Kind.STEP.value,
            "comment": entry.details["comment"],
            "through": entry.details["through"],
            "until": entry.details["until"],
        },
    )


def _strictness(steps: Iterable[PlannedStep]) -> str:
    """Say which of these gates takes no approval beforehand; empty where each may."""
    strict = next((step.id for step in steps if step.gate and _is_strict(step.gate)), "")
    return f"the gate before {strict} is strict and takes no approval beforehand" if strict else ""


def _is_strict(gate: Gate) -> bool:
    return gate.approvals > 1 or not gate.initiator_may_approve or gate.signed_in_within is not None
