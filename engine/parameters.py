"""The parameters of one step in a runbook, held against what the step declares."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.entry_facts import unknown_part
from engine.findings import Finding
from engine.loading import finding, told
from engine.references import ROOTS, Reference, find
from engine.runbook import Runbook, StepSpec
from engine.secrets import identifier_fields, secret_fields
from engine.source import Path, Source
from engine.surroundings import Surroundings


def check_parameters(
    runbook: Runbook, source: Source, index: int, seen: Mapping[str, StepSpec], around: Surroundings
) -> Iterator[Finding]:
    """Yield every finding about `with:` of the step at `index`; `seen` are the steps before it."""
    spec = runbook.steps[index]
    params = around.registry[spec.uses].params
    prefix: Path = ("steps", index, "with")
    references = list(find(spec.with_))
    yield from _values(source, prefix, spec, params, references)
    secret_names = secret_fields(params)
    for reference in references:
        place = source.place((*prefix, *reference.path))
        problem = _names_nothing(reference, runbook, seen, around)
        if problem:
            yield Finding(place, *problem)
        else:
            yield from _secrecy(reference, place, secret_names, seen, around)
    for name in sorted(secret_names & set(spec.with_)):
        if not any(ref.path[:1] == (name,) for ref in references) and spec.with_[name] is not None:
            yield Finding(
                source.place((*prefix, name)),
                f"`{name}` holds a secret written in clear",
                "Refer to the output of a step, e.g. `${{ steps.generate.value }}`, and "
                "rotate what stood here if it was real.",
            )


def _values(
    source: Source, prefix: Path, spec: StepSpec, params: type[BaseModel], refs: list[Reference]
) -> Iterator[Finding]:
    """Validate what is written out; what a reference will bring is judged when it is there."""
    open_paths = [ref.path for ref in refs]
    try:
        params.model_validate(spec.with_)
    except ValidationError as error:
        settled = told(
            source, error, prefix, lambda at: not any(_touches(at, path) for path in open_paths)
        )
        yield from (finding(source, prefix, detail, params) for detail in settled)


def _touches(location: Path, path: Path) -> bool:
    """Tell whether an error at `location` may come from the reference at `path`."""
    return location[: len(path)] == path or path[: len(location)] == location


Problem = tuple[str, str]


def _names_nothing(
    ref: Reference, runbook: Runbook, seen: Mapping[str, StepSpec], around: Surroundings
) -> Problem | None:
    if not ref.parts or ref.parts[0] not in ROOTS:
        return (
            f"`{ref.text}` is not a reference",
            "Write `${{ steps.<id>.<output> }}`, `inputs.…`, `secret.…`, `platform.…` or `run.…`.",
        )
    match ref.parts[0]:
        case "steps":
            return _step_problem(ref, runbook, seen, around)
        case "inputs":
            known = len(ref.parts) == 2 and ref.parts[1] in runbook.inputs
            return None if known else _unknown(ref, runbook.inputs)
        case "secret":
            return _secret_problem(ref, runbook, around)
        case "platform":
            return _fact_problem(ref, around.platform)
        case _:
            return None if ref.parts in RUN_FACTS else _unknown(ref, ["id", "started_by"])


RUN_FACTS = {("run", "id"), ("run", "started_by")}


def _unknown(ref: Reference, known: Any, part: int = 1) -> Problem:
    close = difflib.get_close_matches(ref.parts[part], list(known), n=1)
    hint = f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(known) or 'none'}."
    return f"`{ref.text}` names nothing", hint


def _step_problem(
    ref: Reference, runbook: Runbook, seen: Mapping[str, StepSpec], around: Surroundings
) -> Problem | None:
    spec = seen.get(ref.parts[1])
    if spec is None:
        if any(step.id == ref.parts[1] for step in runbook.steps):
            return (
                f"`{ref.text}` refers to a step that comes later or to itself",
                "Move that step up, or refer to an earlier one.",
            )
        return _unknown(ref, seen)
    step = around.registry.get(spec.uses)
    if step is None or (len(ref.parts) == 3 and ref.parts[2] in step.outputs.model_fields):
        return None
    outputs = ", ".join(step.outputs.model_fields) or "none"
    return f"`{ref.text}` names no output of `{spec.id}`", f"{spec.uses} has: {outputs}."


def _secret_problem(ref: Reference, runbook: Runbook, around: Surroundings) -> Problem | None:
    if not runbook.secret:
        return (
            f"`{ref.text}` needs a secret, and this runbook names none",
            "Add `secret: <catalogue name>` at the top.",
        )
    facts = around.catalogue.facts(runbook.secret)
    if facts:
        return _fact_problem(ref, facts)
    unknown = unknown_part(ref.parts[1:])
    return None if unknown is None else _unknown(ref, unknown[1], 1 + unknown[0])


def _fact_problem(ref: Reference, facts: Mapping[str, Any] | None) -> Problem | None:
    if facts is None:
        return None
    for part in range(1, len(ref.parts)):
        if not isinstance(facts, Mapping) or ref.parts[part] not in facts:
            return _unknown(ref, facts if isinstance(facts, Mapping) else (), part)
        facts = facts[ref.parts[part]]
    return None


def _secrecy(
    ref: Reference,
    place: Any,
    secret_names: frozenset[str],
    seen: Mapping[str, StepSpec],
    around: Surroundings,
) -> Iterator[Finding]:
    into_secret = len(ref.path) == 1 and ref.path[0] in secret_names
    is_secret = ref.parts[0] == "steps" and _is_secret_output(ref, seen, around)
    if is_secret and not ref.alone:
        yield Finding(
            place,
            f"`{ref.text}` is a secret and stands inside a text",
            "A secret may only be a whole value; the text would carry it into the clear.",
        )
    elif is_secret and not into_secret:
        name = ref.path[0] if ref.path else ""
        yield Finding(
            place,
            f"`{ref.text}` is a secret, and the parameter `{name}` is not declared to hold one",
            "It would be shown and stored in clear.",
        )
    elif into_secret and not is_secret and not _is_identifier(ref, seen, around):
        yield Finding(
            place,
            f"`{ref.path[0]}` must hold a secret, and `{ref.text}` is stored in clear",
            "Refer to the secret output of a step.",
        )


def _is_secret_output(ref: Reference, seen: Mapping[str, StepSpec], around: Surroundings) -> bool:
    step = around.registry.get(seen[ref.parts[1]].uses)
    return step is not None and ref.parts[2] in secret_fields(step.outputs)


def _is_identifier(ref: Reference, seen: Mapping[str, StepSpec], around: Surroundings) -> bool:
    """Tell whether an output is the half of a pair that is stored and may be shown."""
    if ref.parts[0] != "steps":
        return False
    step = around.registry.get(seen[ref.parts[1]].uses)
    return step is not None and ref.parts[2] in identifier_fields(step.outputs)
