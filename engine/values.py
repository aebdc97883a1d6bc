"""Values while a run goes: outputs of earlier steps put into the parameters of later ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from engine.errors import Refused
from engine.plan import Plan, PlannedStep
from engine.references import look_up, substitute
from engine.sealing import Seal
from engine.secrets import join_outputs
from engine.state import RunState
from engine.step import AnyStep

Drawer = Mapping[tuple[str, str], SecretStr]
"""(step, name) to value."""


def known_values(
    sealed: Mapping[tuple[str, str], str], seal: Seal
) -> dict[tuple[str, str], SecretStr]:
    """Open a run's drawer; raise `Refused` if it was sealed for another engine."""
    return {place: seal.open(armour) for place, armour in sealed.items()}


def resolve(plan: Plan, state: RunState, step: PlannedStep, values: Drawer) -> dict[str, Any]:
    """Return the step's parameters with every reference replaced; raise `Refused` if one is empty."""
    facts = {
        "steps": _outputs(plan, state, values),
        "run": {"id": state.run, "started_by": state.initiator.subject},
    }
    try:
        resolved: dict[str, Any] = substitute(step.with_, lambda parts: look_up(facts, parts))
    except KeyError as error:
        missing = error.args[0]
    else:
        return resolved
    raise Refused(
        f"`{missing}` has no value: that step was skipped or marked done by hand",
        hint="Roll back, or stop and start a new run.",
    )


def step_outputs(declared: AnyStep, step: str, state: RunState, values: Drawer) -> BaseModel:
    """Return the typed outputs a finished step left behind, secrets included."""
    secrets = {name: value for (owner, name), value in values.items() if owner == step}
    kept = {name: secrets[name] for name in state.step(step).sealed if name in secrets}
    plain = state.step(step).outputs
    fields = declared.outputs.model_fields
    known = {name: value for name, value in plain.items() if name in fields}
    return join_outputs(declared.outputs, known, {n: v for n, v in kept.items() if n in fields})


def _outputs(plan: Plan, state: RunState, values: Drawer) -> dict[str, dict[str, Any]]:
    outputs: dict[str, dict[str, Any]] = {}
    for step in plan.steps:
        held = state.step(step.id)
        secrets = {name: values[step.id, name] for name in held.sealed if (step.id, name) in values}
        outputs[step.id] = {**held.outputs, **secrets}
    return outputs
