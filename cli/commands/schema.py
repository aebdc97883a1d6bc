"""`runbook schema`: what an editor has to know to help with a runbook."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.editor_schema import case_schema, runbook_schema
from cli.options import new_app
from cli.screen import say_json
from cli.shelf import open_shelf

app = new_app()


@app.command()
def schema(
    *,
    cases: Annotated[
        bool, typer.Option("--cases", help="The schema of a case file, for `runbook test`.")
    ] = False,
) -> None:
    """Print the JSON Schema of a runbook, for editors.

    Save it beside the runbooks and begin each with the line
    `# yaml-language-server: $schema=<that file>`. It knows the parameters of every step; the rules
    about order and secrets are `runbook validate`'s alone.
    """
    say_json(case_schema() if cases else runbook_schema(open_shelf().registry))
