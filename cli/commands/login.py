"""`runbook login`: a person signs in, in the browser, and this command line acts as them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer
from pydantic import SecretStr

from cli.credential import Login, ask, forget, gateway_of, keep, told
from cli.options import new_app
from cli.screen import say
from cli.server import door
from engine.errors import Refused

app = new_app()

SLOWER = 5
"""Seconds more between two questions, each time the gateway asks for it (RFC 8628, section 3.5)."""
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@app.command()
def login(
    *,
    end: Annotated[
        bool, typer.Option("--end", help="Sign out: end the token here and at the gateway.")
    ] = False,
) -> None:
    """Sign in at the gateway before the Prefect server.

    Open the address that is printed in any browser, sign in there, and compare the code. What it
    gives is kept for this user alone; for scripts, RUNBOOK_TOKEN_FILE names a file with a token.
    """
    gateway = gateway_of(door().address())
    if end:
        _sign_out(gateway)
        return
    asked = told(gateway, ask(gateway, "POST", "/device/start"))
    say(f"Open {asked['verification_uri_complete']}")
    say(f"It must show the code {asked['user_code']}. Waiting for you to let this terminal in …")
    given = _wait(gateway, asked)
    ends = int(time.time()) + int(given["expires_in"])
    keep(gateway, Login(SecretStr(given["access_token"]), given["subject"], ends))
    until = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d %H:%M")
    say(f"signed in as {given['subject']} until {until} UTC")


def _wait(gateway: str, asked: dict[str, Any]) -> dict[str, Any]:
    form = {"grant_type": GRANT, "device_code": asked["device_code"]}
    deadline, pause = time.monotonic() + int(asked["expires_in"]), int(asked["interval"])
    while time.monotonic() < deadline:
        answer = ask(gateway, "POST", "/device/token", data=form)
        if answer.status_code == httpx.codes.OK:
            return told(gateway, answer)
        match answer.json().get("error"):
            case "authorization_pending":
                pass
            case "slow_down":
                pause += SLOWER
            case _:
                break
        time.sleep(pause)
    raise Refused("nobody let this terminal in in time", hint="Start again: `runbook login`.")


def _sign_out(gateway: str) -> None:
    token = forget(gateway)
    if token is None:
        say("nobody was signed in")
        return
    ask(gateway, "POST", "/device/end", token)
    say("signed out")
