"""`runbook run`: a run is started, and followed if that is wanted."""

from __future__ import annotations

import typer

from adapters.platform import open_platform
from cli.follow import follow
from cli.options import By, Inputs, Name, Wait, new_app
from cli.people import asking
from cli.screen import say
from cli.server import door
from cli.typed import typed_inputs
from flows.form import REQUESTED_BY

app = new_app()


@app.command()
def run(name: Name, inputs: Inputs = None, by: By = "", *, wait: Wait = False) -> None:
    """Start a run and print its id.

    The inputs are checked first; what is wrong with them is said before anything is started.
    """
    platform = open_platform()
    plan = platform.plan(name, typed_inputs(platform.runbook(name), inputs))
    identity = door().start(name, {**plan.inputs, REQUESTED_BY: asking(by)})
    say(identity)
    if wait:
        raise typer.Exit(follow(platform, identity))
