"""`runbook`: the table of commands, and the way into the one that was chosen."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.errors import the_door
from cli.exits import epilog

COMMANDS = {
    "list": "List the runbooks, or the steps they can be made of.",
    "show": "Show one runbook: inputs, steps, and who must agree.",
    "validate": "Say all that is wrong with runbooks and catalogue.",
    "test": "Play the cases of runbooks offline, in made-up worlds.",
    "plan": "Show what a run would do, and do nothing.",
    "run": "Start a run and print its id.",
    "status": "Show the runs that have not ended, or all about one run.",
    "approve": "Say yes at the gate where a run stands.",
    "preapprove": "Say yes to one run before it is started.",
    "note": "Say where one item of a checklist stands.",
    "reject": "Say no at the gate where a run stands.",
    "resume": "Pick a broken run up again, or decide after a failure.",
    "recover": "Say where a secret stands and what is safe, ledger or not.",
    "login": "Sign in at the gateway before the Prefect server.",
    "drift": "Compare SOPS and Vaultwarden, secret by secret.",
    "due": "Show the age of every secret, and when a rotation is due.",
    "certificates": "Show what the certificates say, and when they end.",
    "exposure": "Follow what a leaver could read, until each is settled.",
    "prove": "Read the word that was encrypted to you, with your own key.",
    "seal": "Encrypt a value for the engine, to paste into a form.",
    "audit": "Read, verify, export and review the audit trail.",
    "doctor": "See whether every outside system can be used.",
    "gateway": "Serve Prefect behind people who have signed in.",
    "worker": "Start a worker, or see which ones are at work.",
    "schema": "Print the JSON Schema of a runbook, for editors.",
    "keygen": "Make the engine's age key, or with --anchor the ledger's.",
}
"""Every command with the first line of its help; `cli.commands.<name>` is its module."""


class LazyGroup(TyperGroup):
    """The commands by name and help alone; the chosen one is imported when it is called."""

    def __init__(self, **attributes: Any) -> None:
        """Take what Typer gives a group."""
        super().__init__(**attributes)
        for name, line in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line, rich_markup_mode=None))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the place of its line in the table."""
        if args[0] in COMMANDS:
            command = typer.main.get_command(import_module(f"cli.commands.{args[0]}").app)
            command.name = args[0]
            self.add_command(command)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    epilog=epilog(),
)


@app.callback()
def runbook(
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The settings of the platform; else RUNBOOK_SETTINGS names them."
        ),
    ] = None,
) -> None:
    """Run, approve and audit runbooks that rotate production secrets."""
    if settings is not None:
        os.environ["RUNBOOK_SETTINGS"] = str(settings.absolute())


def main() -> None:
    """Do what the command line says; always ends in `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with the_door():
        typer.main.get_command(app)(prog_name="runbook")
