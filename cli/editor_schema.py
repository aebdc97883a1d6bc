"""The JSON Schema (draft 2020-12) of a runbook, with every step's parameters, and of a case file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.cases import Cases
from engine.references import ROOTS
from engine.runbook import Runbook
from engine.step import AnyStep

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DURATION = {
    "type": "string",
    "pattern": "^(?=.)([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$",
    "description": "A length of time such as 30s, 15m, 4h, 90d or 1h30m.",
}
REFERENCE = {
    "type": "string",
    "pattern": r"\$\{\{\s*(" + "|".join(ROOTS) + r")\.[A-Za-z0-9_.-]+\s*\}\}",
    "description": "A reference, e.g. ${{ inputs.reason }} or ${{ steps.publish.commit }}.",
}
SECRET = {
    "type": "string",
    "pattern": r"^\s*\$\{\{\s*steps\.[A-Za-z0-9_.-]+\s*\}\}\s*$",
    "description": "A reference to the secret output of an earlier step, alone.",
}

SAID = ("title", "description", "default")
"""What an editor shows beside a value, kept outside of its alternatives."""


def runbook_schema(registry: Mapping[str, AnyStep]) -> dict[str, Any]:
    """Return the schema; what may be a reference may also be text that holds `${{`."""
    schema: dict[str, Any] = _durations(Runbook.model_json_schema(by_alias=True))
    shared = schema["$defs"]
    step = shared["StepSpec"]
    step["properties"]["uses"] = {
        "enum": list(registry),
        "description": "What the step does; `runbook list --steps` explains each.",
    }
    step["allOf"] = [_rule(declared, shared) for declared in registry.values()]
    return {"$schema": DRAFT, **schema, "title": "Runbook"}


def case_schema() -> dict[str, Any]:
    """Return the schema of a case file; which steps there are it does not know."""
    return {
        "$schema": DRAFT,
        **_durations(Cases.model_json_schema(by_alias=True)),
        "title": "Cases",
    }


def _rule(step: AnyStep, shared: dict[str, Any]) -> dict[str, Any]:
    """Say what `with` holds where `uses` names this step; its models go to the shared ones."""
    template = f"#/$defs/{step.name}.{{model}}"
    params = _durations(step.params.model_json_schema(by_alias=True, ref_template=template))
    for name, model in params.pop("$defs", {}).items():
        shared[f"{step.name}.{name}"] = _open(model)
    needs = ["with"] if params.get("required") else []
    opened = {**_open(params), "description": step.summary}
    return {
        "if": {"properties": {"uses": {"const": step.name}}, "required": ["uses"]},
        "then": {"properties": {"with": opened}, "required": needs},
    }


def _open(schema: Any) -> Any:
    """Let a reference stand wherever a value does; a secret may be nothing else."""
    if not isinstance(schema, dict):
        return schema
    opened = dict(schema)
    for key in ("properties", "patternProperties"):
        if key in opened:
            opened[key] = {name: _value(part) for name, part in opened[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(opened.get(key), dict):
            opened[key] = _value(opened[key])
    return opened


def _value(schema: Mapping[str, Any]) -> dict[str, Any]:
    if schema.get("format") == "password":
        return {**SECRET, "description": schema.get("description", SECRET["description"])}
    said: dict[str, Any] = {name: schema[name] for name in SAID if name in schema}
    if "anyOf" in schema:
        branches = [_value(branch) for branch in schema["anyOf"]]
        flat = [part for branch in branches for part in branch.get("anyOf", [branch])]
        return {**said, "anyOf": [part for n, part in enumerate(flat) if part not in flat[:n]]}
    return {**said, "anyOf": [_open(schema), REFERENCE]}


def _durations(schema: Any) -> Any:
    """Replace ISO 8601 durations, which pydantic assumes, by what runbooks say."""
    if isinstance(schema, list):
        return [_durations(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "duration":
        said = {name: schema[name] for name in ("title", "description") if name in schema}
        return {**DURATION, **said}
    return {name: _durations(part) for name, part in schema.items()}
