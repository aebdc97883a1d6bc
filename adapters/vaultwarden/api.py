"""Requests to the server with our session: one new sign-in on 401, then the answer is no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from adapters.shared.http import client, send
from adapters.vaultwarden.session import Session, forget, session
from adapters.vaultwarden.settings import Credentials, VaultwardenSettings, credentials
from adapters.vaultwarden.wire import WHAT, Record, message_of, record_of
from engine.errors import Refused

UNAUTHORIZED = 401
OK = 200

HEADERS = {"Bitwarden-Client-Version": "2024.12.0"}
"""From this version on the server shows items of every kind (SSH keys came last)."""


class Stale(Refused):
    """The item was changed by somebody else since it was read."""


@dataclass
class Api:
    """An open connection with a session."""

    http: httpx.Client = field(repr=False)
    credentials: Credentials = field(repr=False)

    def session(self) -> Session:
        """Return the session of this process, signed in if it was not."""
        return session(self.http, self.credentials)

    def get(self, path: str, what: str) -> Record:
        """Return what is at `path`; `what` says in errors what was asked for."""
        return record_of(self._ask("GET", path, what), what)

    def put(self, path: str, body: Record, what: str) -> None:
        """Replace what is at `path`; raise `Stale` if it is newer than what was read."""
        self._ask("PUT", path, what, json=body)

    def post(self, path: str, body: Record, what: str) -> Record:
        """Create something and return it."""
        return record_of(self._ask("POST", path, what, json=body), what)

    def _ask(self, method: str, path: str, what: str, **options: Any) -> httpx.Response:
        response = self._send(method, path, **options)
        if response.status_code == UNAUTHORIZED:
            forget(self.credentials)
            response = self._send(method, path, **options)
        if response.status_code == OK:
            return response
        raise _refusal(response, what)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        token = self.session().access_token
        return send(
            self.http,
            method,
            path,
            what=WHAT,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"},
            **options,
        )


@contextmanager
def open_api(settings: VaultwardenSettings) -> Iterator[Api]:
    """Give a connection that is closed afterwards; nothing is sent before it is used."""
    known = credentials(settings)
    with client(known.url, headers=HEADERS) as http:
        yield Api(http, known)


def _refusal(response: httpx.Response, what: str) -> Refused:
    """Tell the few refusals apart by their words, without ever quoting them."""
    status, said = response.status_code, message_of(response).lower()
    if status == UNAUTHORIZED:
        return Refused(
            f"vaultwarden does not let our account {what}, though a fresh sign-in worked",
            hint="Check that the machine account is a confirmed member of the organisation.",
        )
    if "out of date" in said:
        return Stale(f"vaultwarden did not {what}: the item was changed meanwhile")
    if "maximum encrypted value length" in said:
        return Refused(
            f"vaultwarden did not {what}: the text is too long for it once encrypted",
            hint="Notes hold 10,000 encrypted characters, about 7,400 in clear.",
        )
    if any(word in said for word in ("access", "permission", "rights")):
        return Refused(
            f"vaultwarden does not let our account {what}",
            hint="Give the machine account write access to the collection.",
        )
    return Refused(
        f"vaultwarden did not {what}: it answered {status}",
        hint="The server's own log says why; its answer is not repeated here.",
    )
