"""What a plan would change, and what a look finds now: said before anything runs.

The first is read off the plan. The second asks the steps, which promise that a probe and a preflight
change nothing; one that cannot look says why, and hides no other. What a run would only look at
first, before it changes anything, is looked at in earnest: so the rest is known by name, such as
which key would be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from engine.errors import RunbookError
from engine.plan import Plan, PlannedStep, is_settled
from engine.redaction import Redactor
from engine.references import find, look_up, substitute
from engine.secrets import secret_fields, split_outputs
from engine.step import (
    AnyStep,
    Ask,
    Call,
    Done,
    Effect,
    NotYet,
    Once,
    Preflight,
    Repeatable,
    Unclear,
)

CHANGING = frozenset({Effect.MINT, Effect.STORE, Effect.DISTRIBUTE, Effect.CUTOVER, Effect.REVOKE})
LONGEST = 60
"""Characters of a parameter that is named beside a summary; more is a text for people."""
Outputs = Mapping[str, Mapping[str, Any]]
"""By step and name, what is known of its outputs before a run."""
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


@dataclass(frozen=True)
class Sight:
    """What all looks together found."""

    glances: tuple[Glance, ...]
    outputs: Outputs
    """Of the steps that were looked at in earnest; may hold secrets, each as such."""


def changes(
    plan: Plan, registry: Mapping[str, AnyStep], known: Outputs | None = None
) -> tuple[Change, ...]:
    """Return what each step that changes something would change, in order."""
    return tuple(
        Change(each.id, each.uses, each.effect.value, _target(each, declared), each.no_return)
        for each, declared in (
            (_with_known(step, known or {}), registry[step.uses]) for step in plan.steps
        )
        if each.effect in CHANGING
    )


def point_of_no_return(plan: Plan) -> str:
    """Return the first step from which there is only forward; empty if all can be taken back."""
    return next((step.id for step in plan.steps if step.no_return), "")


def look_ahead(
    plan: Plan,
    registry: Mapping[str, AnyStep],
    fingerprint: Callable[[SecretStr], str],
    redact: Redactor,
) -> Sight:
    """Look with every step that can look before a run; what only a run can know is left out."""
    call = _call(plan, fingerprint)
    known: dict[str, Mapping[str, Any]] = {}
    found: list[Glance] = []
    is_first = True
    for planned in plan.steps:
        step, declared = _with_known(planned, known), registry[planned.uses]
        is_first = is_first and step.effect not in CHANGING
        in_earnest = is_first and _only_looks(step, declared)
        glance = _glance(step, declared, call, redact, known if in_earnest else None)
        found += [glance] if glance is not None else []
    return Sight(tuple(found), known)


def _only_looks(step: PlannedStep, declared: AnyStep) -> bool:
    """Tell whether a run would carry this step out unasked, and could as well do so twice."""
    return (
        step.effect is Effect.OBSERVE
        and step.gate is None
        and declared.ask is Ask.NOTHING
        and isinstance(declared.probe, Repeatable)
        and is_settled(step.with_)
    )


def _with_known(step: PlannedStep, known: Outputs) -> PlannedStep:
    """Return the step with each parameter settled that waited for nothing but known outputs."""
    settled = {name: _settled(value, known) for name, value in step.with_.items()}
    return step.model_copy(update={"with_": settled})


def _settled(value: Any, known: Outputs) -> Any:
    try:
        return substitute(value, lambda parts: look_up({"steps": known}, parts))
    except KeyError:
        return value


def _target(step: PlannedStep, declared: AnyStep) -> str:
    hidden, summary = secret_fields(declared.params), declared.summary.rstrip(".")
    shown = {n: value for n, value in step.with_.items() if n not in hidden and value != ""}
    said = {name: _spelled(name, value) for name, value in shown.items()}
    if step.effect is not Effect.MINT:
        return "; ".join(said.values()) or summary
    short = [text for text in said.values() if len(text) <= LONGEST]
    return f"{summary}: {'; '.join(short)}" if short else summary


def _spelled(name: str, value: Any) -> str:
    """Say one parameter in words: a place of the catalogue by its parts, a reference by its step."""
    if isinstance(value, Mapping):
        match value:
            case {"file": file, "path": path}:
                return f"{path} in {file}"
            case {"collection": collection, "item": item}:
                return f"{collection} / {item} / {value.get('field', 'password')}"
            case _ if value and all(isinstance(part, Mapping) for part in value.values()):
                return f"{name} {', '.join(value)}"
            case _:
                return ", ".join(_spelled(key, part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return f"{name} {', '.join(str(part) for part in value)}"
    for reference in find(value):
        if reference.alone and reference.parts[:1] == ("steps",):
            return f"{name} from {reference.parts[1]}"
    return f"{name} {value}"


def _glance(
    step: PlannedStep,
    declared: AnyStep,
    call: Call,
    redact: Redactor,
    known: dict[str, Mapping[str, Any]] | None,
) -> Glance | None:
    """Look at one step; what is looked at in earnest is added to what is known."""
    try:
        if known is None:
            found = _look(step, declared, call)
        else:
            found, known[step.id] = _carried_out(step, declared, call, redact)
    except RunbookError as error:
        return Glance(step.id, unknown=redact(error.message))
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        return Glance(step.id, unknown=f"the look itself broke with {type(error).__name__}")
    return None if found is None else Glance(step.id, found=redact(found))


def _carried_out(
    step: PlannedStep, declared: AnyStep, call: Call, redact: Redactor
) -> tuple[str, Mapping[str, Any]]:
    done: Done[Any] = declared.run(declared.params.model_validate(step.with_), call)
    plain, secrets = split_outputs(done.outputs)
    for value in secrets.values():
        redact.learn(value)
    return done.evidence, {**plain, **secrets}


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
