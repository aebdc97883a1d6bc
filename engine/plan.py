"""A plan: everything a run would do, settled before anything happens, under one digest.

Inputs, catalogue and platform facts are already in it; only the outputs of steps are still
references. Approvals are bound to the digest: whoever approves, approves exactly this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from engine.catalogue import Catalogue, Secret
from engine.entry import described
from engine.errors import Refused
from engine.references import find, look_up, substitute
from engine.runbook import BreakGlass, Gate, Runbook, StepSpec, Strict
from engine.step import AnyStep, Ask, Effect, Irreversible


class PlannedStep(Strict):
    """One step of a plan."""

    id: str
    name: str
    uses: str
    with_: dict[str, Any]
    """Parameters; what still stands as `${{ steps.… }}` or `${{ run.… }}` comes while running."""
    gate: Gate | None
    may_skip: bool
    effect: Effect
    ask: Ask
    no_return: bool
    """Whether there is only forward once this step has been started."""


class Plan(Strict):
    """What a run would do."""

    runbook: str
    title: str
    description: str
    secret: str
    inputs: dict[str, Any]
    gate: Gate
    """For decisions that belong to no gated step, such as after a failure."""
    steps: tuple[PlannedStep, ...]
    break_glass: BreakGlass | None = None
    """Who may open a gate alone in an emergency; None where nobody may."""
    about: str = ""
    """Whom it is about, where it is about a person and not about a secret."""
    identifier: str = ""
    """The entry that changes with `secret`, where the two are a pair."""
    beside: str = ""
    """The entry that must stay as it is meanwhile: the other slot of a certificate."""

    def text(self) -> str:
        """Return the one spelling of this plan that the digest covers and the ledger keeps."""
        told = self.model_dump(mode="json")
        for name in ("about", "identifier", "beside"):
            if not told[name]:
                del told[name]  # so that a plan without keeps the digest it was approved under
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of `text`, as `sha256:` and 64 hex digits. Nothing in a plan is secret."""
        return "sha256:" + hashlib.sha256(self.text().encode()).hexdigest()

    def step(self, identity: str) -> PlannedStep:
        """Return the step with this id; raise `KeyError` if there is none."""
        for step in self.steps:
            if step.id == identity:
                return step
        raise KeyError(identity)

    def index(self, identity: str) -> int:
        """Return where in the order the step stands, from 0."""
        return self.steps.index(self.step(identity))


def make_plan(
    runbook: Runbook,
    inputs: Mapping[str, Any],
    registry: Mapping[str, AnyStep],
    catalogue: Catalogue,
    platform: Mapping[str, Any],
) -> Plan:
    """Settle a checked runbook with checked inputs (`engine.checks`, `engine.inputs`).

    A secret that the form describes is taken as described, whatever the catalogue says by now: what
    was approved stays the same when its entry is written. Raises `KeyError` with the dotted name of
    a reference that names nothing, `Refused` for a description that is none.
    """
    secret = substitute(runbook.secret, lambda parts: look_up({"inputs": inputs}, parts))
    entry = described(runbook, inputs) if runbook.entry else None
    known = catalogue.secrets.get(secret) if entry is None else Secret.model_validate(entry)
    place = substitute(
        catalogue.facts(secret, known), lambda parts: look_up({"platform": platform}, parts)
    )
    if runbook.entry:
        if known is None:
            raise Refused(
                f"the catalogue has no {secret}, and the form does not describe it",
                hint="Correct the name, or fill in what its entry shall say.",
            )
        place["entry"] = entry
    about = substitute(runbook.about, lambda parts: look_up({"inputs": inputs}, parts))
    facts = {"inputs": inputs, "secret": place, "platform": platform}
    return Plan(
        runbook=runbook.runbook,
        title=runbook.title,
        description=runbook.description,
        secret=secret,
        inputs=dict(inputs),
        gate=runbook.gate,
        break_glass=runbook.break_glass,
        about=about,
        identifier=catalogue.identifier_of(secret),
        beside=catalogue.beside_of(secret),
        steps=tuple(_planned(runbook, spec, registry[spec.uses], facts) for spec in runbook.steps),
    )


def _planned(
    runbook: Runbook, spec: StepSpec, step: AnyStep, facts: Mapping[str, Any]
) -> PlannedStep:
    return PlannedStep(
        id=spec.id,
        name=spec.name,
        uses=spec.uses,
        with_=substitute(spec.with_, lambda parts: _settled(facts, parts)),
        gate=runbook.gate_of(spec),
        may_skip=spec.may_skip,
        effect=step.effect,
        ask=step.ask,
        no_return=is_point_of_no_return(step),
    )


def _settled(facts: Mapping[str, Any], parts: tuple[str, ...]) -> Any:
    if parts[0] in ("steps", "run"):
        return "${{ " + ".".join(parts) + " }}"
    return look_up(facts, parts)


def is_point_of_no_return(step: AnyStep) -> bool:
    """Tell whether a run that started this step can only go forward."""
    return step.effect in (Effect.REVOKE, Effect.CUTOVER) or isinstance(step.undo, Irreversible)


def is_settled(value: Any) -> bool:
    """Tell whether nothing in `value` waits for the output of a step."""
    return next(find(value), None) is None
