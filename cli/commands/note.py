"""`runbook note`: a word about one item of a checklist, at the gate that asks for the list."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.gates import Reply, answer
from cli.options import By, Comment, GateKey, Run, Wait, Yes, new_app
from engine.decision import NOTE

app = new_app()


@app.command()
def note(
    run: Run,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Which item of the list.")],
    state: Annotated[
        str,
        typer.Argument(
            metavar="STATE", help="Where it stands: pending, registered, confirmed or waived."
        ),
    ],
    *,
    by: By = "",
    comment: Comment = "",
    gate: GateKey = "",
    yes: Yes = False,
    wait: Wait = False,
) -> None:
    """Say where one item of a checklist stands.

    The gate stays shut and is asked again. The comment says what was done and seen, or why the
    item is waived.
    """
    reply = Reply(NOTE, by, comment, gate=gate, is_sure=yes, wait=wait, item=item, state=state)
    raise typer.Exit(answer(run, reply))
