"""`runbook reject`: a no at a gate."""

from __future__ import annotations

import typer

from cli.gates import Reply, answer
from cli.options import By, Comment, GateKey, Run, Wait, Yes, new_app

app = new_app()


@app.command()
def reject(
    run: Run,
    by: By = "",
    comment: Comment = "",
    gate: GateKey = "",
    *,
    yes: Yes = False,
    wait: Wait = False,
) -> None:
    """Say no at the gate where a run stands.

    If nothing was changed yet the run ends; otherwise somebody decides whether to roll back.
    """
    reply = Reply("reject", by, comment, gate=gate, is_sure=yes, wait=wait)
    raise typer.Exit(answer(run, reply))
