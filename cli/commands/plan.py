"""`runbook plan`: what a run would do, settled and under one digest."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from adapters.platform import open_platform
from cli.options import AsJson, Inputs, Name, new_app
from cli.screen import say, say_json, show, table
from cli.typed import typed_inputs
from cli.words import gate_words
from engine.plan import Plan, PlannedStep
from engine.preflight import preflight
from engine.redaction import Redactor

app = new_app()


@app.command()
def plan(
    name: Name,
    inputs: Inputs = None,
    *,
    look: Annotated[
        bool,
        typer.Option(
            "--preflight", help="Also make every check that a run makes before it starts."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, and do nothing.

    What still stands as ${{ … }} is the output of an earlier step and comes while running.
    """
    platform = open_platform()
    made = platform.plan(name, typed_inputs(platform.runbook(name), inputs))
    fine = preflight(made, platform.registry, Redactor()) if look else None
    if as_json:
        facts = {"digest": made.digest, "plan": made.model_dump(mode="json"), "preflight": fine}
        say_json(facts)
        return
    _show(made)
    if fine is not None:
        say("\npreflight:")
        show(table(("Step", "Found fine"), fine.items()))


def _show(made: Plan) -> None:
    say(f"{made.runbook}: {made.title}")
    say(f"about: {made.about}" if made.about else f"secret: {made.secret or 'none'}")
    for name, value in made.inputs.items():
        say(f"input {name}: {_spelled(value)}")
    say("")
    passed = False
    for number, step in enumerate(made.steps, start=1):
        if step.no_return and not passed:
            passed = True
            say("---- point of no return: from here on there is only forward ----")
        _show_step(number, step)
    say(f"\ndigest: {made.digest}")


def _show_step(number: int, step: PlannedStep) -> None:
    say(f"{number:>2}. {step.id}: {step.name}")
    skip = ", may be skipped" if step.may_skip else ""
    say(f"      {step.uses} ({step.effect.value}), gate: {gate_words(step.gate)}{skip}")
    for name, value in step.with_.items():
        say(f"      {name}: {_spelled(value)}")


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
