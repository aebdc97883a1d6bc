"""`runbook drift`: is every secret in both stores, and the same in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from adapters.platform import open_platform
from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.screen import say, say_json, show, table
from engine.drift import Compared, summary

app = new_app()


@app.command()
def drift(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="List what is equal as well; JSON always has it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare SOPS and Vaultwarden, secret by secret.

    Only states are told, never a value. SOPS is the truth, and nothing is copied. Ends with 1
    unless every secret is in both stores, equal, or a live run explains why it is not.
    """
    from adapters.drift import compare_stores

    rows = compare_stores(open_platform())
    if as_json:
        say_json([asdict(row) for row in rows])
    else:
        _show(rows, every=every)
    if not all(row.is_fine for row in rows):
        raise typer.Exit(Exit.REFUSED)


def _show(rows: Sequence[Compared], *, every: bool) -> None:
    shown = [row for row in rows if every or not row.is_fine]
    if shown:
        cells = ((row.secret or row.place, row.state.value, row.note) for row in shown)
        show(table(("Secret or place", "State", "What is known"), cells))
        say("")
    say(summary(rows))
