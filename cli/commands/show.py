"""`runbook show`: one runbook on one screen."""

from __future__ import annotations

from collections.abc import Mapping

from cli.options import AsJson, Name, new_app
from cli.screen import listed, say, say_json, show, table
from cli.shelf import open_shelf
from cli.words import gate_words
from engine.plan import is_point_of_no_return
from engine.runbook import Input, Runbook, StepSpec
from engine.step import AnyStep, Ask

app = new_app()


@app.command()
def show_(name: Name, *, as_json: AsJson = False) -> None:
    """Show one runbook: inputs, steps, and who must agree."""
    shelf = open_shelf()
    runbook = shelf.runbook(name)
    if as_json:
        say_json(runbook.model_dump(mode="json", by_alias=True))
        return
    say(f"{runbook.runbook}: {runbook.title}\n")
    if runbook.description:
        say(f"{runbook.description.strip()}\n")
    about = f"about: {runbook.about}" if runbook.about else f"secret: {runbook.secret or 'none'}"
    say(f"{about}\n")
    if runbook.inputs:
        rows = (
            (key, spec.type, _limits(spec), spec.description)
            for key, spec in runbook.inputs.items()
        )
        show(table(("Input", "Type", "Limits", "Description"), rows))
        say("")
    show(table(("#", "Step", "Uses", "Title", "Gate", "Notes"), _steps(runbook, shelf.registry)))


def _steps(runbook: Runbook, registry: Mapping[str, AnyStep]) -> list[tuple[str, ...]]:
    return [
        (
            str(number),
            step.id,
            step.uses,
            step.title,
            gate_words(runbook.gate_of(step)),
            _notes(step, registry[step.uses]),
        )
        for number, step in enumerate(runbook.steps, start=1)
    ]


def _notes(spec: StepSpec, step: AnyStep) -> str:
    notes = []
    if is_point_of_no_return(step):
        notes.append("point of no return")
    if step.ask is not Ask.NOTHING:
        notes.append(f"asks for {'' if step.ask is Ask.EVIDENCE else 'a '}{step.ask.value}")
    if spec.may_skip:
        notes.append("may be skipped")
    return listed(notes)


def _limits(spec: Input) -> str:
    limits = {
        "at least": spec.min_length if spec.min_length is not None else spec.minimum,
        "at most": spec.max_length if spec.max_length is not None else spec.maximum,
        "matches": spec.pattern,
        "default": spec.default,
    }
    said = [f"{word} {value}" for word, value in limits.items() if value is not None]
    return "; ".join([*said, *([" | ".join(spec.choices)] if spec.choices else [])])
