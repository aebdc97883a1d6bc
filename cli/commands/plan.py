"""`runbook plan`: what a run would do, settled and under one digest."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.platform import Platform
from cli.foresight import NO_RETURN, foreseen_facts, show_changes, show_foreseen
from cli.options import AsJson, Inputs, Name, new_app
from cli.screen import say, say_json, show, table
from cli.shelf import open_patient
from cli.typed import typed_inputs
from cli.words import gate_words
from engine.foresight import changes, point_of_no_return
from engine.plan import Plan, PlannedStep
from engine.redaction import Redactor

if TYPE_CHECKING:
    from adapters.foreseeing import Foreseen

app = new_app()


@app.command()
def plan(
    name: Name,
    inputs: Inputs = None,
    *,
    look: Annotated[
        bool, typer.Option("--look/--no-look", help="Look at the systems it is about.")
    ] = True,
    checked: Annotated[
        bool,
        typer.Option(
            "--preflight", help="Also make every check that a run makes before it starts."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, and do nothing.

    What still stands as ${{ … }} is the output of an earlier step and comes while running. Beside
    the plan it says what would change, where the way back ends, and what a look finds now: the
    stores, the cluster and the provider by fingerprint, who reads the secret, and what each step's
    own look finds. A system that cannot be looked at says why. Nothing is changed.
    """
    platform = open_patient()
    made = platform.plan(name, typed_inputs(platform.runbook(name), inputs))
    fine = platform.preflight(made, Redactor()) if checked else None
    found = _foresee(platform, made) if look else None
    would = changes(made, platform.registry, found.sight.outputs if found else None)
    if as_json:
        say_json(
            {
                "digest": made.digest,
                "plan": made.model_dump(mode="json"),
                "changes": [asdict(change) for change in would],
                "no_return": point_of_no_return(made) or None,
                "found": foreseen_facts(found) if found else None,
                "preflight": fine,
            }
        )
        return
    _show(made)
    show_changes(would, point_of_no_return(made))
    if found is not None:
        show_foreseen(found)
    if fine is not None:
        say("\npreflight:")
        show(table(("Step", "Found fine"), fine.items()))
    say(f"\ndigest: {made.digest}")


def _foresee(platform: Platform, made: Plan) -> Foreseen:
    from adapters.foreseeing import foresee

    return foresee(platform, made)


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
            say(NO_RETURN)
        _show_step(number, step)


def _show_step(number: int, step: PlannedStep) -> None:
    say(f"{number:>2}. {step.id}: {step.name}")
    skip = ", may be skipped" if step.may_skip else ""
    say(f"      {step.uses} ({step.effect.value}), gate: {gate_words(step.gate)}{skip}")
    for name, value in step.with_.items():
        say(f"      {name}: {_spelled(value)}")


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
