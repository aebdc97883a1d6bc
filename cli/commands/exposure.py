"""`runbook exposure`: what a leaver could read, and what has become of each value."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.platform import open_platform
from cli.exits import Exit
from cli.exposing import judged_of, open_rotations, waive_values
from cli.options import AsJson, By, Run, new_app
from cli.screen import say, say_json, show, table

app = new_app()

Numbers = Annotated[
    list[int], typer.Argument(metavar="NUMBER...", help="As `runbook exposure show` numbers them.")
]


@app.callback()
def exposure() -> None:
    """Follow what a leaver could read, until each is settled."""


@app.command(name="show")
def show_(run: Run, *, as_json: AsJson = False) -> None:
    """Show every value of an offboarding with what has become of it.

    Ends with 1 while one is neither replaced nor waived.
    """
    judged = judged_of(open_platform(), run)
    if as_json:
        say_json(
            [
                {**each.exposed.model_dump(), "fate": each.fate.value, "note": each.note}
                for each in judged
            ]
        )
    else:
        rows = (
            (str(number), each.exposed.title, each.fate.value, each.note)
            for number, each in enumerate(judged, start=1)
        )
        show(table(("", "value", "fate", "note"), rows))
        left = sum(not each.is_settled for each in judged)
        say(f"{left} of {len(judged)} are not settled")
    if any(not each.is_settled for each in judged):
        raise typer.Exit(Exit.REFUSED)


@app.command(name="open")
def open_(run: Run, by: By = "") -> None:
    """Start the rotation of every open value that has a runbook, under your name.

    Where a worker may start no runs, as behind the gateway, this is how they are opened. One that
    was opened before is not opened again.
    """
    open_rotations(open_platform(), run, by)


@app.command()
def waive(
    run: Run,
    numbers: Numbers,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it may stay; at least 10 letters.")
    ],
    by: By = "",
) -> None:
    """Answer for it that values stay as they are, each with its number.

    Who may is who may decide at the gate of the list; your name and reason stand in the ledger.
    """
    waive_values(open_platform(), run, numbers, reason, by)
