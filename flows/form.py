"""The form that starts a run: a runbook's inputs as the typed signature of its flow."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.catalogue import Catalogue
from engine.runbook import Input, Runbook

REQUESTED_BY = "requested_by"


def signature(runbook: Runbook, catalogue: Catalogue) -> Signature:
    """Return keyword-only parameters from which Prefect makes the form and its JSON Schema."""
    fields = [_parameter(name, spec, catalogue) for name, spec in runbook.inputs.items()]
    name = Annotated[
        str,
        Field(
            min_length=1,
            max_length=80,
            title="Requested by",
            description="Who starts this run. Recorded as claimed where no gateway verifies it.",
        ),
    ]
    return Signature([*fields, Parameter(REQUESTED_BY, Parameter.KEYWORD_ONLY, annotation=name)])


def _parameter(name: str, spec: Input, catalogue: Catalogue) -> Parameter:
    default = Parameter.empty if spec.default is None else spec.default
    annotation = Annotated[_type(spec, catalogue), _field(name, spec)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _type(spec: Input, catalogue: Catalogue) -> Any:
    match spec.type:
        case "string" | "date":
            return str
        case "integer":
            return int
        case "boolean":
            return bool
        case "choice":
            return Literal[spec.choices]
        case "secret":
            return Literal[tuple(sorted(catalogue.secrets))]


def _field(name: str, spec: Input) -> Any:
    extra: dict[str, Any] | None = {"format": "date"} if spec.type == "date" else None
    return Field(
        title=name.replace("_", " ").capitalize(),
        description=spec.description,
        min_length=spec.min_length,
        max_length=spec.max_length,
        pattern=spec.pattern,
        ge=spec.minimum,
        le=spec.maximum,
        json_schema_extra=extra,
    )
