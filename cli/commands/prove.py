"""`runbook prove`: the newcomer's side of the proof that they hold their key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import new_app
from cli.proving import read_word

app = new_app()


@app.command()
def prove(
    identity: Annotated[
        Path,
        typer.Option(
            "--identity", metavar="FILE", help="Your age key; where age and sops look for it else."
        ),
    ] = Path("~/.config/sops/age/keys.txt"),
) -> None:
    """Read the word that was encrypted to you, with your own key.

    The armour comes on standard input. Tell the word to whoever asked you.

    Nothing of the platform is needed.
    """
    print(read_word(identity.expanduser()))
