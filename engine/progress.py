"""What comes next: a pure function of the plan and of where the run stands.

The flow asks, performs the one move, writes what came of it into the ledger, and asks again. It
keeps nothing in between, so it does not matter which process asks, or after which crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.plan import Plan, PlannedStep
from engine.policy import is_open
from engine.present import TIMELESS, Present
from engine.state import Kind, Outcome, RunState, Status
from engine.step import Again, AnyStep, Awaited, Effect, Irreversible, Untouched


@dataclass(frozen=True)
class Perform:
    """Run the step; `interrupted` if an earlier attempt at it never came back."""

    step: PlannedStep
    interrupted: bool = False


@dataclass(frozen=True)
class TakeBack:
    """Undo the step."""

    step: PlannedStep


@dataclass(frozen=True)
class AskPerson:
    """Stop at a gate until a person has decided."""

    step: PlannedStep
    kind: Kind


@dataclass(frozen=True)
class End:
    """There is nothing left to be done."""

    outcome: Outcome


Move: TypeAlias = Perform | TakeBack | AskPerson | End


def next_move(
    plan: Plan, state: RunState, registry: Mapping[str, AnyStep], now: Present = TIMELESS
) -> Move:
    """Return the one move that is next; without `now`, no freeze and no end of an approval counts."""
    if state.outcome is not None:
        return End(state.outcome)
    if state.ending is not None:
        return End(state.ending)
    if state.back:
        return _move_back(plan, state, registry)
    return _move_on(plan, state, now)


def _move_on(plan: Plan, state: RunState, now: Present) -> Move:
    for step in plan.steps:
        match state.step(step.id).status:
            case Status.DONE | Status.SKIPPED:
                continue
            case Status.FAILED:
                return AskPerson(step, Kind.FAILURE)
            case Status.STARTED:
                return Perform(step, interrupted=True)
            case _:
                if is_open(plan, state, step, Kind.STEP, now):
                    return Perform(step)
                return AskPerson(step, Kind.STEP)
    return End(Outcome.COMPLETED)


def _move_back(plan: Plan, state: RunState, registry: Mapping[str, AnyStep]) -> Move:
    for step in rollback_order(plan, state, registry):
        match state.step(step.id).status:
            case Status.UNDONE:
                continue
            case Status.UNDO_FAILED:
                return AskPerson(step, Kind.FAILURE)
            case Status.UNDOING:
                return TakeBack(step)
            case _:
                if is_open(plan, state, step, Kind.UNDO):
                    return TakeBack(step)
                return AskPerson(step, Kind.UNDO)
    return End(Outcome.ROLLED_BACK)


def rollback_order(
    plan: Plan, state: RunState, registry: Mapping[str, AnyStep]
) -> tuple[PlannedStep, ...]:
    """List what has to be taken back: stores last to first, what carries them out, then the new key.

    A restart or a reconcile is not reversed but repeated once the stores are back, so those come
    after them and in their own order, and so does the wait for the old value between them. What was
    published carries itself out, into whatever reads it next, also where the run has not come as far
    as to see to that. What was minted outside ends last: until the old value is carried out again,
    consumers live on the new one.
    """
    touched = [step for step in plan.steps if state.step(step.id).touched]
    published = [step for step in touched if _carries_itself_out(step, state, registry)]
    follows = plan.steps[plan.index(published[0].id) :] if published else ()
    repeated = [
        step
        for step in plan.steps
        if (step in touched or step in follows)
        and isinstance(registry[step.uses].undo, Again | Awaited)
    ]
    undone = [
        step
        for step in reversed(touched)
        if step not in repeated and not isinstance(registry[step.uses].undo, Untouched)
    ]
    minted = [s for s in undone if registry[s.uses].effect in (Effect.MINT, Effect.ADOPT)]
    stored = [step for step in undone if step not in minted]
    return (*stored, *repeated, *minted)


def _carries_itself_out(
    step: PlannedStep, state: RunState, registry: Mapping[str, AnyStep]
) -> bool:
    declared = registry[step.uses]
    is_reversed = not isinstance(declared.undo, Again | Awaited | Untouched | Irreversible)
    return declared.effect is Effect.DISTRIBUTE and is_reversed and not state.step(step.id).idle


def may_roll_back(plan: Plan, state: RunState) -> bool:
    """Tell whether the way back is still open: no step without return was ever started."""
    return not any(step.no_return and state.step(step.id).touched for step in plan.steps)


def is_harmless(plan: Plan, state: RunState, registry: Mapping[str, AnyStep]) -> bool:
    """Tell whether nothing outside was changed yet, so that the run may simply end."""
    return not any(
        state.step(step.id).touched
        and not isinstance(registry[step.uses].undo, Untouched | Awaited)
        for step in plan.steps
    )
