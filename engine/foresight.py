"""What a plan would change, and what a look finds now: said before anything runs.

The first is read off the plan alone. The second asks the steps, which promise that a probe and a
preflight change nothing; one that cannot look says why, and hides no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from engine.errors import RunbookError
from engine.plan import Plan, PlannedStep, is_settled
from engine.references import find
from engine.secrets import secret_fields
from engine.step import AnyStep, Call, Done, Effect, NotYet, Once, Preflight, Repeatable, Unclear

CHANGING = frozenset({Effect.MINT, Effect.STORE, Effect.DISTRIBUTE, Effect.REVOKE})
NOBODY_YET = "plan"
"""What stands for the id of a run where there is none."""


@dataclass(frozen=True)
class Change:
    """What one step would change outside."""

    step: str
    uses: str
    effect: str
    target: str
    """Files, paths, items, workloads and objects, in words; never a value."""
    no_return: bool


@dataclass(frozen=True)
class Glance:
    """What a look at one step finds now."""

    step: str
    found: str = ""
    unknown: str = ""
    """Why nothing is known, in one sentence."""


def changes(plan: Plan, registry: Mapping[str, AnyStep]) -> tuple[Change, ...]:
    """Return what each step that changes something would change, in order."""
    return tuple(
        Change(step.id, step.uses, step.effect.value, _target(step, declared), step.no_return)
        for step, declared in ((step, registry[step.uses]) for step in plan.steps)
        if step.effect in CHANGING
    )


def point_of_no_return(plan: Plan) -> str:
    """Return the first step from which there is only forward; empty if all can be taken back."""
    return next((step.id for step in plan.steps if step.no_return), "")


def glances(
    plan: Plan,
    registry: Mapping[str, AnyStep],
    fingerprint: Callable[[SecretStr], str],
    redact: Callable[[str], str],
) -> tuple[Glance, ...]:
    """Look with every step that can look before a run; what only a run can know is left out."""
    call = _call(plan, fingerprint)
    looks = (_glance(step, registry[step.uses], call, redact) for step in plan.steps)
    return tuple(look for look in looks if look is not None)


def _target(step: PlannedStep, declared: AnyStep) -> str:
    if step.effect is Effect.MINT:
        return declared.summary.rstrip(".")  # a value comes into being, and nothing else changes
    hidden = secret_fields(declared.params)
    said = [_spelled(name, value) for name, value in step.with_.items() if name not in hidden]
    return "; ".join(said) or declared.summary.rstrip(".")


def _spelled(name: str, value: Any) -> str:
    """Say one parameter in words: a place of the catalogue by its parts, a reference by its step."""
    if isinstance(value, Mapping):
        match value:
            case {"file": file, "path": path}:
                return f"{path} in {file}"
            case {"collection": collection, "item": item}:
                return f"{collection} / {item} / {value.get('field', 'password')}"
            case _:
                return ", ".join(_spelled(key, part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return f"{name} {', '.join(str(part) for part in value)}"
    for reference in find(value):
        if reference.alone and reference.parts[:1] == ("steps",):
            return f"{name} from {reference.parts[1]}"
    return f"{name} {value}"


def _glance(
    step: PlannedStep, declared: AnyStep, call: Call, redact: Callable[[str], str]
) -> Glance | None:
    try:
        found = _look(step, declared, call)
    except RunbookError as error:
        return Glance(step.id, unknown=redact(error.message))
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        return Glance(step.id, unknown=f"the look itself broke with {type(error).__name__}")
    return None if found is None else Glance(step.id, found=redact(found))


def _look(step: PlannedStep, declared: AnyStep, call: Call) -> str | None:
    """Return what the step's probe says, or else its preflight; None where neither can look yet."""
    if not isinstance(declared.probe, Repeatable | Once) and is_settled(step.with_):
        try:
            params = declared.params.model_validate(step.with_)
        except ValidationError:
            return "its parameters do not fit; `runbook validate` says where"
        match declared.probe(params, call):
            case Done(_, evidence):
                return f"the goal is reached already: {evidence}"
            case NotYet(finding):
                return finding
            case Unclear(because):
                return f"unclear: {because}"
    return None if declared.preflight is None else _preflight(step, declared.preflight)


def _preflight(step: PlannedStep, check: Preflight[Any]) -> str | None:
    fields = check.params.model_fields
    known = {name: value for name, value in step.with_.items() if name in fields}
    if not is_settled(known):
        return None
    try:
        params = check.params.model_validate(known)
    except ValidationError:
        return "its parameters do not fit; `runbook validate` says where"
    return check.look(params)


def _call(plan: Plan, fingerprint: Callable[[SecretStr], str]) -> Call:
    return Call(
        run=NOBODY_YET,
        runbook=plan.runbook,
        step=NOBODY_YET,
        attempt=0,
        key=f"{NOBODY_YET}/{NOBODY_YET}",
        head="",
        secret=plan.secret,
        started_by="",
        approved_by=(),
        answer=None,
        comment="",
        fingerprint=fingerprint,
        report=lambda _: None,
    )


def restarted(plan: Plan) -> tuple[str, ...]:
    """Name the workloads that steps of the plan restart, as `namespace/kind/name`."""
    return tuple(dict.fromkeys(_workloads(plan)))


def _workloads(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        named = step.with_.get("workload")
        if step.effect is Effect.DISTRIBUTE and named is not None and is_settled(step.with_):
            every = [named] if isinstance(named, str) else named
            yield from (f"{step.with_.get('namespace', '')}/{each}" for each in every)
