"""What several commands take, said once."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who does this; the login name by default.")
]
Comment = Annotated[
    str,
    typer.Option(
        "--comment", metavar="TEXT", help="What the next reader should know, or the evidence."
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", metavar="NAME=VALUE", help="An input; once for each."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the runbook.")]
Recipient = Annotated[
    str,
    typer.Option(
        "--recipient",
        metavar="KEY",
        help="The engine's public key, age1…, or a file that holds it; else the settings say.",
    ),
]
Run = Annotated[
    str, typer.Argument(metavar="RUN", help="Id of the run; as much of it as is unique.")
]
GateKey = Annotated[
    str,
    typer.Option("--gate", metavar="KEY", help="Answer only if the run stands at this very gate."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not show the gate and do not ask.")]
Wait = Annotated[
    bool, typer.Option("--wait", help="Follow the run until it ends or stands at a gate.")
]


def new_app() -> typer.Typer:
    """Return an empty command: plain help, no completion, and no locals in any traceback."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
    )
