"""`runbook keygen`: a key of the engine, made once and never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyrage
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.newfile import write_new
from cli.options import new_app
from engine.notes import public_key, spell_key

app = new_app()

NAME = "runbook-ledger"


@app.command()
def keygen(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the key goes, mode 0400.")
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help=f"What an anchor key signs as; {NAME} if left out."
        ),
    ] = None,
    *,
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Make a key that signs heads of the ledger instead.")
    ] = False,
) -> None:
    """Make the engine's age key, or with --anchor the ledger's.

    Prints the public key. Name the file as engine.age_key_file in the settings, and keep a copy
    where the platform's other recovery keys are: without it no sealed value can be opened. An
    anchor key goes into ledger.anchor_key_file, and its public key into ledger.anchor_keys and to
    whoever verifies the ledger.
    """
    if anchor:
        signing = spell_key(
            NAME if name is None else name, Ed25519PrivateKey.generate().private_bytes_raw()
        )
        write_new(output, f"{signing.get_secret_value()}\n".encode())
        print(public_key(signing))
        return
    if name is not None:
        raise typer.BadParameter("only an anchor key has a name", param_hint="--name")
    key = pyrage.x25519.Identity.generate()
    write_new(output, f"# public key: {key.to_public()}\n{key}\n".encode())
    print(key.to_public())
