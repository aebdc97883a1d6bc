"""`runbook keygen`: a key of the engine, made once and never overwritten."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import pyrage
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.options import new_app
from engine.errors import Refused
from engine.notes import public_key, spell_key

app = new_app()

MODE = 0o400


@app.command()
def keygen(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the key goes, mode 0400.")
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What an anchor key signs as.")
    ] = "runbook-ledger",
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
        signing = spell_key(name, Ed25519PrivateKey.generate().private_bytes_raw())
        _write(output, f"{signing.get_secret_value()}\n".encode())
        print(public_key(signing))
        return
    key = pyrage.x25519.Identity.generate()
    _write(output, f"# public key: {key.to_public()}\n{key}\n".encode())
    print(key.to_public())


def _write(path: Path, content: bytes) -> None:
    """Make the file durable with its mode from the first moment; refuse to touch one that is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError:
        told, hint = f"{path} is there already", "A key is never overwritten; choose another file."
    except OSError as error:
        told, hint = f"{path} cannot be written: {error.strerror}", "Choose another place."
    else:
        _fill(descriptor, path, content)
        return
    raise Refused(told, hint=hint)


def _fill(descriptor: int, path: Path, content: bytes) -> None:
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}"
    else:
        return
    with suppress(OSError):
        path.unlink()
    raise Refused(told)
