"""What was changed between two plans, in words for the person who has to approve again."""

from __future__ import annotations

from collections.abc import Iterator

from engine.durations import spell
from engine.plan import Plan, PlannedStep
from engine.runbook import Gate


def differences(before: Plan, after: Plan) -> tuple[str, ...]:
    """Return a sentence for each difference; empty where the plans would do the same."""
    return tuple(_differences(before, after))


def _differences(before: Plan, after: Plan) -> Iterator[str]:
    old, new = ({step.id: step for step in plan.steps} for plan in (before, after))
    yield from (f"step {name} is gone" for name in old if name not in new)
    yield from (f"step {name} is new" for name in new if name not in old)
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield f"the order is now {', '.join(new)}"
    for name in kept:
        yield from _in_step(old[name], new[name])
    for what in (
        "secret",
        "identifier",
        "beside",
        "about",
        "inputs",
        "gate",
        "break_glass",
        "title",
        "description",
    ):
        if getattr(before, what) != getattr(after, what):
            yield f"the runbook's {what} is another"


def _in_step(old: PlannedStep, new: PlannedStep) -> Iterator[str]:
    if old.uses != new.uses:
        yield f"step {new.id} uses {new.uses} and no longer {old.uses}"
    for key in sorted({*old.with_, *new.with_}):
        if old.with_.get(key) != new.with_.get(key):
            yield f"step {new.id}: {key} is {new.with_.get(key)!r} and was {old.with_.get(key)!r}"
    if old.gate != new.gate:
        yield f"step {new.id}: the gate is {_spell(new.gate)} and was {_spell(old.gate)}"
    if old.may_skip != new.may_skip:
        yield f"step {new.id} may {'now' if new.may_skip else 'no longer'} be skipped"
    if old.name != new.name:
        yield f"step {new.id} is now called {new.name}"


def _spell(gate: Gate | None) -> str:
    if gate is None:
        return "none"
    others = "" if gate.initiator_may_approve else ", not the initiator"
    fresh = f", signed in within {spell(gate.signed_in_within)}" if gate.signed_in_within else ""
    who = " or ".join(gate.groups) or "anybody"
    return f"{gate.approvals} of {who} within {spell(gate.expires)}{others}{fresh}"
