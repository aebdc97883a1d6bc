"""The values somebody typed into the form, held against what the runbook asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.catalogue import Catalogue
from engine.errors import Refused
from engine.pairs import parts_a_pair
from engine.references import find, look_up
from engine.runbook import LONGEST_SLUG, SLUG, Input, Runbook


def eligible(runbook: Runbook, catalogue: Catalogue) -> tuple[str, ...]:
    """Name the secrets whose catalogue entry has every fact that the runbook refers to.

    A half of a pair is left out where the runbook would change it without the other.
    """
    needed = [tuple(fact.split(".")[1:]) for fact in needs(runbook)]
    return tuple(
        sorted(
            name
            for name in catalogue.secrets
            if all(_has(catalogue.facts(name), parts) for parts in needed)
            and not parts_a_pair(runbook, name, catalogue)
        )
    )


def needs(runbook: Runbook) -> frozenset[str]:
    """Name the facts of a secret that the runbook refers to, such as `secret.sops.file`."""
    return frozenset(
        ".".join(reference.parts)
        for step in runbook.steps
        for reference in find(step.with_)
        if reference.parts[:1] == ("secret",)
    )


def _has(facts: Mapping[str, Any], parts: tuple[str, ...]) -> bool:
    try:
        look_up(facts, parts)
    except KeyError:
        return False
    return True


def check_inputs(
    runbook: Runbook, given: Mapping[str, Any], catalogue: Catalogue
) -> dict[str, Any]:
    """Return the inputs with defaults filled in; raise `Refused` that names all that is wrong."""
    problems = [
        f"`{name}` is not an input of {runbook.runbook}"
        for name in given
        if name not in runbook.inputs
    ]
    values: dict[str, Any] = {}
    for name, spec in runbook.inputs.items():
        value = given.get(name, spec.default)
        if value is None:
            problems.append(f"`{name}` is missing: {spec.description}")
            continue
        value = value.isoformat() if isinstance(value, date) else value
        secrets = eligible(runbook, catalogue) if spec.type == "secret" else ()
        problem = problem_of(spec, value, secrets)
        if problem:
            problems.append(f"`{name}` {problem}")
        values[name] = value
    if problems:
        raise Refused("; ".join(problems), hint=f"See `runbook show {runbook.runbook}`.")
    return values


def problem_of(spec: Input, value: Any, secrets: tuple[str, ...] = ()) -> str:
    """Say why a form cannot take `value`, as the end of a sentence; nothing where it can."""
    match spec.type:
        case "string":
            return _string_problem(spec, value)
        case "integer":
            return _integer_problem(spec, value)
        case "boolean":
            return "" if isinstance(value, bool) else "is neither true nor false"
        case "choice":
            return "" if value in spec.choices else f"is none of {', '.join(spec.choices)}"
        case "date":
            return _date_problem(value)
        case "secret":
            return "" if value in secrets else f"is none of {', '.join(secrets)}"
        case "secret_name":
            return _name_problem(value)


def _string_problem(spec: Input, value: Any) -> str:
    if not isinstance(value, str):
        return "is not a text"
    if "${{" in value:
        return "holds a reference, and a form has none"
    if spec.min_length is not None and len(value) < spec.min_length:
        return f"is shorter than {spec.min_length} characters"
    if spec.max_length is not None and len(value) > spec.max_length:
        return f"is longer than {spec.max_length} characters"
    if spec.pattern is not None and not re.search(spec.pattern, value):
        return f"does not match {spec.pattern}"
    return ""


def _name_problem(value: Any) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_SLUG and re.fullmatch(SLUG, value):
        return ""
    return (
        "is no name of a secret: small letters, digits and hyphens, beginning with a letter, "
        f"{LONGEST_SLUG} at most"
    )


def _integer_problem(spec: Input, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "is not a whole number"
    if spec.minimum is not None and value < spec.minimum:
        return f"is below {spec.minimum}"
    if spec.maximum is not None and value > spec.maximum:
        return f"is above {spec.maximum}"
    return ""


def _date_problem(value: Any) -> str:
    try:
        is_spelled = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        is_spelled = False
    return "" if is_spelled else "is not a date such as 2027-01-31"
