"""The values somebody typed into the form, held against what the runbook asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from engine.catalogue import Catalogue
from engine.errors import Refused
from engine.pairs import parts_a_pair
from engine.references import find, look_up
from engine.runbook import LONGEST_SLUG, SLUG, Input, Runbook


@dataclass(frozen=True)
class Asked:
    """What a runbook asks of the entry of the secret that it is about."""

    needed: frozenset[tuple[str, ...]]
    """Facts that it refers to, by their parts."""
    without: frozenset[str]
    """Parts that it may not have."""

    @property
    def named(self) -> tuple[str, ...]:
        """Return the facts as a runbook names them, such as `secret.sops.file`, sorted."""
        return tuple(sorted(".".join(("secret", *parts)) for parts in self.needed))

    @property
    def parts(self) -> frozenset[str]:
        """Return the parts of an entry that it refers to."""
        return frozenset(parts[0] for parts in self.needed if parts)


def eligible(runbook: Runbook, catalogue: Catalogue) -> tuple[str, ...]:
    """Name the secrets whose catalogue entry is what the runbook is for.

    It has every fact that the runbook refers to, and nothing that its input is `without`. A half of a
    pair is left out where the runbook would change it without the other.
    """
    asked = asked_of(runbook)
    return tuple(
        sorted(name for name in catalogue.secrets if not _misfit(runbook, asked, name, catalogue))
    )


def asked_of(runbook: Runbook) -> Asked:
    """Return what the steps and the form of a runbook ask of an entry."""
    needed = (
        reference.parts[1:]
        for step in runbook.steps
        for reference in find(step.with_)
        if reference.parts[:1] == ("secret",)
    )
    without = (part for spec in runbook.inputs.values() for part in spec.without)
    return Asked(frozenset(needed), frozenset(without))


def _misfit(runbook: Runbook, asked: Asked, secret: str, catalogue: Catalogue) -> str:
    """Say why the entry of a secret is none that the runbook is for; empty where it is."""
    facts = catalogue.facts(secret)
    has = {part for part in asked.without if facts.get(part)}
    missing = (parts for parts in asked.needed if not _has(facts, parts))
    lacks = {".".join(parts) if parts[0] in facts else parts[0] for parts in missing}
    if not has and not lacks and parts_a_pair(runbook, secret, catalogue):
        return "is half of a pair, and the other half would stay as it is"
    told = [f"has {_listed(has)}"] if has else []
    told += [f"lacks {_listed(lacks)}"] if lacks else []
    return " and ".join(told)


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(f"`{part}`" for part in sorted(parts))


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
        if spec.type == "secret":
            problem = _secret_problem(value, runbook, catalogue)
        else:
            problem = problem_of(spec, value)
        if problem:
            problems.append(f"`{name}` {problem}")
        values[name] = value
    if problems:
        raise Refused("; ".join(problems), hint=f"See `runbook show {runbook.runbook}`.")
    return values


def problem_of(spec: Input, value: Any) -> str:
    """Say why a form cannot take `value`, as the end of a sentence; nothing where it can.

    Whether a secret is one that the runbook is for is not asked here.
    """
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
            return "" if isinstance(value, str) else "is not the name of a secret"
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
    if spec.pattern is not None and not _fits(spec.pattern, value):
        return f"does not match {spec.pattern}"
    return ""


def _fits(pattern: str, value: str) -> bool:
    """Tell whether the form would take it; Python's own `$` lets a line break through at the end."""
    try:
        _form(pattern).validate_python(value)
    except ValidationError:
        return False
    return True


@cache
def _form(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, Field(pattern=pattern)])


def _secret_problem(value: Any, runbook: Runbook, catalogue: Catalogue) -> str:
    fit = eligible(runbook, catalogue)
    if value in fit:
        return ""
    problem = f"is none of {', '.join(fit)}" if fit else "may be none that the catalogue has"
    if not isinstance(value, str) or value not in catalogue.secrets:
        return problem
    why = _misfit(runbook, asked_of(runbook), value, catalogue)
    return f"{problem}: the entry of {value} {why}"


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
