"""Where chat messages arrive: a Matrix homeserver, as far as a message to a room takes one.

Paths and fields are those of the Matrix client-server API v3 (spec.matrix.org): password login,
`join/{roomIdOrAlias}`, `rooms/{roomId}/send/{eventType}/{txnId}`.
"""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Refused, Routes
from sandbox.server import Server

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_API, _USER, _HOME = "/_matrix/client/v3", "runbook", "chat.example"


class Chat:
    """A running homeserver with one account; `messages` are the contents sent, by room."""

    def __init__(self, password: str) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self._password = password
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        self._routes = Routes()
        self._routes.add("POST", f"{_API}/login", self._login)
        self._routes.add("POST", f"{_API}/logout", self._logout)
        self._routes.add("POST", f"{_API}/join/{{room}}", self._join)
        self._routes.add("PUT", f"{_API}/rooms/{{room}}/send/m.room.message/{{txn}}", self._take)
        self._server = Server("chat", self)

    def address(self, password: str, room: str) -> str:
        """Return the Apprise address of a room, for whoever signs in with this password."""
        host = self._server.url.removeprefix("http://")
        return f"matrix://{_USER}:{password}@{host}/#{room}"

    def __enter__(self) -> Self:
        """Return the running homeserver."""
        self._server.start()
        return self

    def __exit__(self, *_why: object) -> None:
        """End it."""
        self._server.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = Request(scope, receive)
        headers = {name.lower(): value for name, value in asked.headers.items()}
        call = Call(asked.method, scope["path"], {}, headers, await asked.body())
        with self._lock:
            answer = self._routes(call)
        await answer(scope, receive, send)

    def _login(self, call: Call) -> Response:
        said = call.json()
        who = said["identifier"]["user"], said["password"]
        if said["type"] != "m.login.password" or who != (_USER, self._password):
            return _refusal(403, "M_FORBIDDEN")
        token = secrets.token_hex(16)
        self._tokens.add(token)
        told = {"access_token": token, "user_id": f"@{_USER}:{_HOME}", "device_id": "APPRISE"}
        return JSONResponse({**told, "home_server": _HOME})

    def _logout(self, call: Call) -> Response:
        self._tokens.discard(self._signed_in(call))
        return JSONResponse({})

    def _join(self, call: Call, room: str) -> Response:
        self._signed_in(call)
        return JSONResponse({"room_id": f"!{room.lstrip('#').partition(':')[0]}:{_HOME}"})

    def _take(self, call: Call, room: str, txn: str) -> Response:
        self._signed_in(call)
        self.messages.append((room, call.json()))
        return JSONResponse({"event_id": f"${txn}"})

    def _signed_in(self, call: Call) -> str:
        token = call.bearer()
        if token not in self._tokens:
            raise Refused(_refusal(401, "M_UNKNOWN_TOKEN"))
        return str(token)


def _refusal(status: int, code: str) -> Response:
    return JSONResponse({"errcode": code, "error": "no"}, status_code=status)
