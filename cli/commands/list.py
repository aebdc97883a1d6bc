"""`runbook list`: what there is to run, and what it can be made of."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from adapters.platform import Platform
from cli.options import AsJson, new_app
from cli.screen import say, say_json, show, table
from cli.shelf import open_shelf
from engine.findings import Invalid
from engine.step import AnyStep

app = new_app()


@app.command()
def list_(
    *,
    steps: Annotated[
        bool, typer.Option("--steps", help="List the steps that runbooks are made of.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the runbooks, or the steps they can be made of.

    A runbook that is not valid is listed with the first thing that is wrong with it.
    """
    shelf = open_shelf()
    if steps:
        _list_steps(shelf, as_json=as_json)
        return
    rows = _runbooks(shelf)
    if as_json:
        say_json(rows)
        return
    if not rows:
        say(f"there are no runbooks in {shelf.settings.runbooks}")
        return
    show(table(("Runbook", "Title", "Secret", "Steps", "Gates"), map(_cells, rows)))


def _runbooks(shelf: Platform) -> list[dict[str, Any]]:
    return [_facts(shelf, path) for path in shelf.files()]


def _facts(shelf: Platform, path: Any) -> dict[str, Any]:
    try:
        runbook = shelf.read(path)
    except Invalid as error:
        return {
            "name": path.stem,
            "valid": False,
            "finding": str(error.findings[0].place) + ": " + error.findings[0].message,
        }
    gates = sum(runbook.gate_of(step) is not None for step in runbook.steps)
    return {
        "name": runbook.runbook,
        "valid": True,
        "title": runbook.title,
        "secret": runbook.secret,
        "steps": len(runbook.steps),
        "gates": gates,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if not row["valid"]:
        return (row["name"], f"not valid: {row['finding']}", "", "", "")
    return (row["name"], row["title"], row["secret"], str(row["steps"]), str(row["gates"]))


def _list_steps(shelf: Platform, *, as_json: bool) -> None:
    if as_json:
        say_json([_step_facts(step) for step in shelf.registry.values()])
        return
    rows = (
        (step.name, step.effect.value, _parameters(step), step.summary)
        for step in shelf.registry.values()
    )
    show(table(("Step", "Effect", "Parameters (* needed)", "What it does"), rows))


def _step_facts(step: AnyStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "summary": step.summary,
        "effect": step.effect.value,
        "asks": step.ask.value,
        "parameters": {
            field.alias or name: {"needed": field.is_required(), "description": field.description}
            for name, field in step.params.model_fields.items()
        },
        "outputs": {name: field.description for name, field in step.outputs.model_fields.items()},
    }


def _parameters(step: AnyStep) -> str:
    return ", ".join(
        (field.alias or name) + ("*" if field.is_required() else "")
        for name, field in step.params.model_fields.items()
    )
