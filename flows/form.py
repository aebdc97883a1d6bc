"""The form that starts a run: a runbook's inputs as the typed signature of its flow."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.catalogue import Catalogue
from engine.inputs import eligible
from engine.runbook import LONGEST_SLUG, SLUG, Input, Runbook

REQUESTED_BY = "requested_by"
WHO = "Who starts this run. Recorded as claimed where no gateway verifies it."


def signature(
    runbook: Runbook, catalogue: Catalogue | None, *, takes_names: bool = True
) -> Signature:
    """Return keyword-only parameters from which Prefect makes the form and its JSON Schema.

    It asks who starts the run only where a name that was typed counts. Without a catalogue it offers
    no names of secrets and takes any, for a run whose plan judges them anyway.
    """
    fields = [_parameter(name, spec, runbook, catalogue) for name, spec in runbook.inputs.items()]
    if not takes_names:
        return Signature(fields)
    name = Annotated[str, Field(min_length=1, max_length=80)]
    return Signature([*fields, Parameter(REQUESTED_BY, Parameter.KEYWORD_ONLY, annotation=name)])


def docstring(runbook: Runbook, *, takes_names: bool = True) -> str:
    """Return the flow's docstring; Prefect reads the description of each field out of it."""
    told = {name: spec.description for name, spec in runbook.inputs.items()}
    if takes_names:
        told[REQUESTED_BY] = WHO
    lines = [f"    {name}: {' '.join(text.split())}" for name, text in told.items()]
    return "\n".join([runbook.description or runbook.title, "", "Args:", *lines])


def _parameter(name: str, spec: Input, runbook: Runbook, catalogue: Catalogue | None) -> Parameter:
    default = Parameter.empty if spec.default is None else spec.default
    kind = _type(spec, runbook, catalogue)
    return Parameter(
        name,
        Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, _field(spec)],
    )


def _type(spec: Input, runbook: Runbook, catalogue: Catalogue | None) -> Any:
    match spec.type:
        case "integer":
            return int
        case "boolean":
            return bool
        case "choice":
            return Literal[spec.choices]
        case "secret" if catalogue is not None:
            return Literal[eligible(runbook, catalogue) or ("no secret fits",)]
        case "string" | "date" | "secret_name" | "secret":
            return str


def _field(spec: Input) -> Any:
    extra: dict[str, Any] | None = {"format": "date"} if spec.type == "date" else None
    if spec.type == "secret_name":
        return Field(max_length=LONGEST_SLUG, pattern=f"^{SLUG}$")
    return Field(
        min_length=spec.min_length,
        max_length=spec.max_length,
        pattern=spec.pattern,
        ge=spec.minimum,
        le=spec.maximum,
        json_schema_extra=extra,
    )
