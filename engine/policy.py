"""Who may open a gate: pure functions of the gate, the person, and what was said so far.

Every door (UI form, command line, REST) ends here, so none can be laxer than another.

1. Whoever decides is named, and is in one of the gate's groups, where it names any.
2. Four eyes: where `initiator_may_approve` is false, the initiator's yes does not count.
3. A gate opens when as many distinct people as it asks for have said yes to this plan.
4. A yes covers later steps up to the one its giver named, and stops before a stricter gate.
5. After its expiry an answer is refused; silence never opens a gate.
6. While changes are frozen, a step that changes something takes its approvals from those who may
   pass, whenever they were given. Taking a step back is never frozen.
7. Where the runbook says so, one person of its break-glass groups opens one gate, whatever the
   number of approvals and the freeze. Four eyes and the order of steps hold all the same.
8. A schedule is nobody. A run that it started has no initiator whom four eyes could keep away, so
   there they take two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.freeze import HARMLESS, Window
from engine.ledger import SCHEDULE, Actor, identity
from engine.plan import Plan, PlannedStep
from engine.present import TIMELESS, Present
from engine.runbook import Gate
from engine.state import Approval, Kind, RunState
from engine.step import Ask, Effect


def objection(gate: Gate, person: Actor, initiator: Actor) -> str:
    """Say why this person may not decide at this gate; empty if they may."""
    if not person.subject.strip():
        return "nobody said who they are"
    if gate.groups and not set(gate.groups) & set(person.groups):
        return f"{person.subject} is in none of the groups {', '.join(gate.groups)}"
    if not gate.initiator_may_approve and _same(person, initiator):
        return f"{person.subject} started this run, and the gate asks for somebody else"
    return ""


def supporters(gate: Gate, approvals: Iterable[Approval], initiator: Actor) -> tuple[str, ...]:
    """Name the distinct people whose yes counts at this gate, in the order they gave it."""
    people: dict[str, str] = {}
    for approval in approvals:
        if not objection(gate, approval.actor, initiator):
            people.setdefault(identity(approval.actor.subject), approval.actor.subject)
    return tuple(people.values())


def covering(
    plan: Plan, state: RunState, step: PlannedStep, kind: Kind, now: Present = TIMELESS
) -> tuple[Approval, ...]:
    """Return the approvals of this plan that reach `step` and count now, given at it or before."""
    digest, window = plan.digest, barrier(plan, state, step, kind, now)
    return tuple(
        approval
        for approval in state.approvals
        if approval.plan == digest
        and approval.kind is kind
        and _reaches(plan, approval, step)
        and not (approval.until and now.at and now.at > approval.until)
        and (window is None or window.lets(approval.actor) or approval.glass)
    )


def is_open(
    plan: Plan, state: RunState, step: PlannedStep, kind: Kind, now: Present = TIMELESS
) -> bool:
    """Tell whether enough people have agreed that `step` may run (or be undone)."""
    gate = step.gate
    if gate is None and kind is Kind.UNDO and step.effect is Effect.ADOPT:
        gate = plan.gate  # what only looked on the way forward ends something on the way back
    if gate is None:
        return True
    given = covering(plan, state, step, kind, now)
    glass = [yes for yes in given if _is_glass(plan, gate, yes, state.initiator)]
    if glass and _is_enough(gate, glass, given, state.initiator):
        return True
    said = supporters(gate, given, state.initiator)
    return len(said) >= people_needed(gate, state.initiator)


def people_needed(gate: Gate, initiator: Actor) -> int:
    """Return how many distinct people must agree at this gate."""
    is_alone = not gate.initiator_may_approve and initiator == SCHEDULE
    return max(gate.approvals, 2 if is_alone else 1)


def barrier(
    plan: Plan, state: RunState, step: PlannedStep, kind: Kind, now: Present
) -> Window | None:
    """Return the freeze that keeps this step's gate shut; None where nothing does.

    What a cutover has begun is not frozen: services cannot sign in until the value has reached them.
    """
    is_free = kind is not Kind.STEP or step.effect in HARMLESS or _is_cut_over(plan, state, step)
    return None if is_free else now.frozen


def _is_cut_over(plan: Plan, state: RunState, step: PlannedStep) -> bool:
    reached = plan.steps[: plan.index(step.id) + 1]
    return step.effect is not Effect.REVOKE and any(
        each.effect is Effect.CUTOVER and state.step(each.id).touched for each in reached
    )


def glass_gate(plan: Plan, gate: Gate) -> Gate | None:
    """Return who may break the glass at `gate`: one person, and who else if four eyes are asked."""
    if plan.break_glass is None:
        return None
    return gate.model_copy(update={"groups": plan.break_glass.groups, "approvals": 1})


def furthest(plan: Plan, step: PlannedStep, kind: Kind) -> tuple[PlannedStep, ...]:
    """List the steps that one yes at `step` may cover, `step` first, in the direction of travel."""
    steps = plan.steps if kind is Kind.STEP else tuple(reversed(plan.steps))
    rest = steps[steps.index(step) + 1 :]
    covered = [step]
    for later in rest:
        if _stricter(later, step, kind):
            break
        covered.append(later)
    return tuple(covered)


def gated_reach(plan: Plan, step: PlannedStep, kind: Kind) -> tuple[PlannedStep, ...]:
    """List the steps up to which a yes may be said to reach: those that would ask otherwise."""
    return tuple(each for each in furthest(plan, step, kind) if each == step or each.gate)


def _is_glass(plan: Plan, gate: Gate, approval: Approval, initiator: Actor) -> bool:
    asked = glass_gate(plan, gate)
    return approval.glass and asked is not None and not objection(asked, approval.actor, initiator)


def _is_enough(
    gate: Gate, glass: Sequence[Approval], given: Iterable[Approval], initiator: Actor
) -> bool:
    """Tell whether glass that was broken opens the gate: alone, but where four eyes lack two."""
    alone = gate.model_copy(update={"approvals": 1})
    people = {identity(name) for name in supporters(gate, given, initiator)}
    people |= {identity(yes.actor.subject) for yes in glass}
    return len(people) >= people_needed(alone, initiator)


def _reaches(plan: Plan, approval: Approval, step: PlannedStep) -> bool:
    given_at = plan.step(approval.step)
    within = [covered.id for covered in furthest(plan, given_at, approval.kind)]
    if approval.through in within:
        within = within[: within.index(approval.through) + 1]
    else:
        within = within[:1]
    return step.id in within


def _stricter(later: PlannedStep, step: PlannedStep, kind: Kind) -> bool:
    """Tell whether `later` asks for more than `step`, so that a yes here says nothing there."""
    if later.gate is None:
        return False
    if kind is Kind.STEP and later.ask is not Ask.NOTHING:
        return True
    if step.gate is None:
        return True
    a, b = step.gate, later.gate
    return (
        set(a.groups) != set(b.groups)
        or b.approvals > a.approvals
        or (a.initiator_may_approve and not b.initiator_may_approve)
        or b.expires < a.expires
        or _is_fresher(b, a)
    )


def _is_fresher(later: Gate, earlier: Gate) -> bool:
    if later.signed_in_within is None:
        return False
    return earlier.signed_in_within is None or later.signed_in_within < earlier.signed_in_within


def _same(one: Actor, other: Actor) -> bool:
    return identity(one.subject) == identity(other.subject)
