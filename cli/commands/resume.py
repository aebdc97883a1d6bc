"""`runbook resume`: a run that broke is picked up, or what follows a failure is decided."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.platform import Platform, open_platform
from cli.exits import Exit
from cli.follow import follow
from cli.forgotten import end_forgotten
from cli.gates import Reply, answer
from cli.options import By, Comment, GateKey, Run, Wait, Yes, new_app
from cli.runs import Told, find_run, last_entry, read_run
from cli.screen import say
from cli.server import door
from cli.text import SHORT
from engine.errors import Refused

app = new_app()

AT_A_GATE = "Suspended"


@app.command()
def resume(
    run: Run,
    by: By = "",
    comment: Comment = "",
    gate: GateKey = "",
    *,
    retry: Annotated[bool, typer.Option("--retry", help="Run the failed step again.")] = False,
    mark_done: Annotated[
        bool,
        typer.Option("--mark-done", help="Go on as if the step were done; --comment is the proof."),
    ] = False,
    skip: Annotated[bool, typer.Option("--skip", help="Leave the step out, if it may be.")] = False,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="Take back what was done.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the run as it lies there.")] = False,
    yes: Yes = False,
    wait: Wait = False,
) -> None:
    """Pick a broken run up again, or decide after a failure.

    Without a decision the run must have failed, crashed or been cancelled in Prefect; it goes on
    where the ledger says, and no step that succeeded is repeated. With a decision it must stand
    at the gate of a failed step, or with --skip at the gate before one. A run that was deleted in
    Prefect cannot go on; --stop ends it, and frees what it holds.
    """
    said = {
        "retry": retry,
        "mark done": mark_done,
        "skip": skip,
        "roll back": roll_back,
        "stop": stop,
    }
    decisions = [decision for decision, is_meant in said.items() if is_meant]
    if len(decisions) > 1:
        raise typer.BadParameter(f"one decision at a time, not {' and '.join(decisions)}")
    if not decisions:
        raise typer.Exit(_wake(run, wait=wait))
    platform = open_platform()
    if stop and (told := _forgotten(platform, find_run(platform, run))) is not None:
        end_forgotten(platform, told, by, comment, is_sure=yes)
        raise typer.Exit(Exit.FINE)
    reply = Reply(decisions[0], by, comment, gate=gate, is_sure=yes, wait=wait)
    raise typer.Exit(answer(run, reply))


def _forgotten(platform: Platform, run: str) -> Told | None:
    """Return the run where the ledger has it as going on and Prefect does not know it; else None."""
    told = read_run(platform, run)
    if told is None or told.state.outcome is not None or door().is_known(told.run):
        return None
    return told


def _wake(run: str, *, wait: bool) -> Exit:
    platform = open_platform()
    identity = find_run(platform, run)
    short = identity[:SHORT]
    if _forgotten(platform, identity) is not None:
        raise Refused(
            f"Prefect knows no run {identity} any more, so it cannot go on",
            hint=f"`runbook resume {short} --stop` ends it as it lies there.",
        )
    if door().standing(identity).name == AT_A_GATE:
        raise Refused(
            "the run waits for a decision and is not broken",
            hint=f"`runbook status {short}` says which decisions there are.",
        )
    before = last_entry(platform, identity)
    door().wake(identity)
    say(f"{identity} is picked up again")
    if wait:
        return follow(platform, identity, after=before)
    say(f"how it goes on: runbook status {short}")
    return Exit.FINE
