"""`runbook seal`: a value in, armour out, and nothing in between is kept."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import Recipient, new_app
from cli.sealing import sealed_value

app = new_app()


@app.command()
def seal(
    recipient: Recipient = "",
    file: Annotated[
        str,
        typer.Option(
            "--file",
            metavar="FILE",
            help="Seal what is in this file, exactly as it is; `-` for standard input.",
        ),
    ] = "",
) -> None:
    """Encrypt a value for the engine, to paste into a form.

    On a terminal the value is asked for twice and not shown. From a pipe all of standard input is
    the value, without one line break at its end. A value of several lines, such as the file of an
    ssh key, is given with --file, which takes nothing off.
    """
    print(sealed_value(recipient, file), end="")
