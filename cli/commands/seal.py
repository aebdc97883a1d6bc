"""`runbook seal`: a value in, armour out, and nothing in between is kept."""

from __future__ import annotations

from cli.options import Recipient, new_app
from cli.sealing import sealed_value

app = new_app()


@app.command()
def seal(recipient: Recipient = "") -> None:
    """Encrypt a value for the engine, to paste into a form.

    On a terminal the value is asked for twice and not shown. From a pipe all of standard input is
    the value, without one line break at its end.
    """
    print(sealed_value(recipient), end="")
