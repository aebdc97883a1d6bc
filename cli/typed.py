"""Inputs as they are typed, `NAME=VALUE`, turned into what the runbook asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import typer
from pydantic import SecretStr

from engine.runbook import Runbook

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def typed_inputs(runbook: Runbook, given: Sequence[str] | None) -> dict[str, object]:
    """Return the inputs by name; what does not fit its type stays text, for the engine to judge.

    Raises a usage error for one without `=`, and for one given twice.
    """
    values: dict[str, object] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text} is not NAME=VALUE", param_hint="--input")
        if name in values:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--input")
        values[name] = _typed(runbook, name, value)
    return values


def unnamed(runbook: Runbook, given: Mapping[str, object]) -> Iterator[SecretStr]:
    """Yield what was typed and is no word of ours: every text, and names the runbook does not know.

    A value may stand where a name should: `c2VjcmV0==` is one, if one forgets to name it.
    """
    for name, value in given.items():
        if name not in runbook.inputs:
            yield SecretStr(name)
        if isinstance(value, str):
            yield SecretStr(value)


def _typed(runbook: Runbook, name: str, value: str) -> object:
    spec = runbook.inputs.get(name)
    if spec is not None and spec.type == "integer":
        try:
            return int(value)
        except ValueError:
            return value
    if spec is not None and spec.type == "boolean":
        return TRUTHS.get(value.lower(), value)
    return value
