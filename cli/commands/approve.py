"""`runbook approve`: a yes at a gate, with a value where it asks for one."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.gates import Reply, answer
from cli.options import By, Comment, GateKey, Recipient, Run, Wait, Yes, new_app
from engine.decision import BREAK_GLASS
from engine.errors import Refused

app = new_app()


@app.command()
def approve(
    run: Run,
    by: By = "",
    comment: Comment = "",
    through: Annotated[
        str,
        typer.Option(
            "--through", metavar="STEP", help="Let the yes cover every step up to this one too."
        ),
    ] = "",
    *,
    gate: GateKey = "",
    recipient: Recipient = "",
    value: Annotated[
        bool,
        typer.Option(
            "--value", help="Bring the value that the gate asks for; it is read without echo."
        ),
    ] = False,
    value_file: Annotated[
        str,
        typer.Option(
            "--value-file",
            metavar="FILE",
            help="Bring the value from this file, exactly as it is; `-` for standard input.",
        ),
    ] = "",
    certificate: Annotated[
        str,
        typer.Option(
            "--certificate",
            metavar="FILE",
            help="Bring the certificate that the gate asks for, in PEM; `-` for standard input.",
        ),
    ] = "",
    break_glass: Annotated[
        bool,
        typer.Option(
            "--break-glass",
            help="In an emergency, open this gate alone; say why with --comment.",
        ),
    ] = False,
    yes: Yes = False,
    wait: Wait = False,
) -> None:
    """Say yes at the gate where a run stands.

    Shows what the gate says, and on a terminal asks before it sends anything. The value is sealed
    before it leaves this program; with a pipe, all of standard input is the value. One of several
    lines is given with --value-file.
    """
    if value and value_file:
        raise Refused("give --value or --value-file, not both")
    decision = BREAK_GLASS if break_glass else "approve"
    reply = Reply(
        decision,
        by,
        comment,
        through,
        gate,
        value,
        recipient,
        yes,
        wait,
        certificate=certificate,
        value_file=value_file,
    )
    raise typer.Exit(answer(run, reply))
