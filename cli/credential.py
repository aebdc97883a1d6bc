"""What the gateway knows this command line by: a token, from `runbook login` or from a file."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from adapters.shared.files import read_secret
from cli.newfile import write_over
from engine.errors import Refused, Transient

TOKEN_FILE = "RUNBOOK_TOKEN_FILE"  # noqa: S105 - the name of a variable
"""Names a file that holds a token, for scripts."""
SECONDS = 15.0
"""How long the gateway has to answer."""


@dataclass(frozen=True)
class Login:
    """A token that the gateway gave out, and whose it is."""

    token: SecretStr
    subject: str
    ends: int


def gateway_of(api_url: str) -> str:
    """Return the address of the gateway before this Prefect API."""
    return api_url.rstrip("/").removesuffix("/api")


def token_for(gateway: str) -> SecretStr | None:
    """Return the token in force for this gateway; None where there is none.

    Raises `Refused` if `RUNBOOK_TOKEN_FILE` names a file that cannot be read.
    """
    file = os.environ.get(TOKEN_FILE)
    if file:
        return read_secret(Path(file), "the token for the gateway")
    login = _logins().get(gateway)
    return login.token if login and login.ends > time.time() else None


def known_at(gateway: str) -> dict[str, Any]:
    """Return what the gateway says of this command line; empty where there is no token.

    Raises `Refused` if the gateway does not know the token any more.
    """
    token = token_for(gateway)
    if token is None:
        return {}
    answer = ask(gateway, "GET", "/me", token)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise Refused("the gateway does not know you any more", hint="Run `runbook login`.")
    return told(gateway, answer)


def subject_at(gateway: str) -> str:
    """Return who this command line is to the gateway; empty where no token says so."""
    return str(known_at(gateway).get("subject", ""))


def told(gateway: str, answer: httpx.Response) -> dict[str, Any]:
    """Return what the gateway said; raise `Refused` if it is none that answered."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        seconds = answer.headers.get("retry-after", "60")
        raise Transient("the gateway is asked too often", hint=f"Try again in {seconds} s.")
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if not is_json or answer.status_code != httpx.codes.OK:
        raise Refused(
            f"there is no gateway at {gateway}",
            hint="Check PREFECT_API_URL: it names the API behind the gateway.",
        )
    said: dict[str, Any] = answer.json()
    return said


def keep(gateway: str, login: Login) -> None:
    """Keep a login for the next commands, readable by this user alone."""
    _write({**_logins(), gateway: login})


def forget(gateway: str) -> SecretStr | None:
    """Take the login for this gateway away, and return its token."""
    logins = _logins()
    login = logins.pop(gateway, None)
    _write(logins)
    return login.token if login else None


def ask(
    gateway: str, method: str, path: str, token: SecretStr | None = None, **more: Any
) -> httpx.Response:
    """Ask the gateway itself something; raise `Transient` if it does not answer."""
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    url = f"{gateway}/gateway{path}"
    try:
        return httpx.request(method, url, headers=headers, timeout=SECONDS, **more)
    except httpx.HTTPError as error:
        told = f"the gateway at {gateway} does not answer: {type(error).__name__}"
    raise Transient(told, hint="Check PREFECT_API_URL and that the gateway is up.")


def logins_file() -> Path:
    """Return where logins are kept."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "runbook" / "logins.json"


def _logins() -> dict[str, Login]:
    try:
        told = json.loads(logins_file().read_text(encoding="utf-8"))
        return {
            gateway: Login(SecretStr(each["token"]), str(each["subject"]), int(each["ends"]))
            for gateway, each in told.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(logins: dict[str, Login]) -> None:
    told = {
        gateway: {
            "token": login.token.get_secret_value(),
            "subject": login.subject,
            "ends": login.ends,
        }
        for gateway, login in logins.items()
    }
    write_over(logins_file(), json.dumps(told).encode(), 0o600)
