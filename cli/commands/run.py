"""`runbook run`: a run is started, and followed if that is wanted."""

from __future__ import annotations

import typer

from adapters.platform import open_platform
from cli.follow import follow
from cli.options import By, Inputs, Name, Wait, new_app
from cli.people import asking
from cli.recorder import attempt
from cli.screen import say
from cli.server import door
from cli.typed import typed_inputs, unnamed
from flows.form import REQUESTED_BY

app = new_app()


@app.command()
def run(name: Name, inputs: Inputs = None, by: By = "", *, wait: Wait = False) -> None:
    """Start a run and print its id.

    The inputs are checked first; what is wrong with them is said before anything is started. That
    somebody wanted to start it and was not let is recorded.
    """
    platform = open_platform()
    runbook = platform.runbook(name)
    given = typed_inputs(runbook, inputs)
    told, typed = {"what": "start", "runbook": name, "about": name}, tuple(unnamed(runbook, given))
    with attempt(platform, by, told, typed):
        plan = platform.plan(name, given)
    server = door()
    with attempt(platform, by, told, typed):
        identity = server.start(name, {**plan.inputs, REQUESTED_BY: asking(by)})
    say(identity)
    if wait:
        raise typer.Exit(follow(platform, identity))
