"""`runbook keygen`: the engine's age key, made once and never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyrage
import typer

from cli.newfile import write_new
from cli.options import new_app

app = new_app()


@app.command()
def keygen(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the key goes, mode 0400.")
    ],
) -> None:
    """Make the engine's age key.

    Prints the public key. Name the file as engine.age_key_file in the settings, and keep a copy
    where the platform's other recovery keys are: without it no sealed value can be opened.
    """
    key = pyrage.x25519.Identity.generate()
    write_new(output, f"# public key: {key.to_public()}\n{key}\n".encode())
    print(key.to_public())
