"""Double of a Synapse: access tokens of devices, and what an admin may ask.

Protocol as in the Matrix specification, "Client-Server API" (whoami, logout, soft logout), and
Synapse's "User Admin API". Tokens come from `sign_in`, as from a person at a client; where `mas` is set,
the requests that Synapse does not serve beside the Matrix Authentication Service are not there, and
with `remembers` a token that has logged out is answered for a while as before, as Synapse's
`_introspection_cache` does.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.keybook import BookKey, Keybook
from sandbox.routes import Call, Refused, Routes
from sandbox.values import matrix_token

if TYPE_CHECKING:
    from sandbox.clock import Clock

BOT, CLERK = "@housekeeper:planapulse.com", "@clerk:planapulse.com"
"""A server admin, whose token is rotated, and somebody who is none."""


class Synapse:
    """One homeserver; the id of a token is that of its device."""

    def __init__(self, clock: Clock, current: str) -> None:
        """Make it; `current` is the token in force of the bot."""
        numbers = count(1)
        self.tokens = Keybook(clock, lambda: f"DEVICE{next(numbers):04}")
        self.tokens.seed("laptop of the clerk", matrix_token(), {"user": CLERK}, 30)
        self.tokens.seed("element of petra", matrix_token(), {"user": BOT}, 12)
        self.tokens.seed("housekeeper", current, {"user": BOT}, 200)
        self.admins = {BOT}
        self.mas = False
        self.remembers = 0
        """How often a token is answered as if it had not logged out, beside the service."""
        self._remembered: list[BookKey] = []
        self.soft = False
        """Whether a token that is not known is said to be signed out softly."""
        routes = Routes(missing=lambda _: _error(404, "M_UNRECOGNIZED", "Unrecognized request"))
        routes.add("GET", "/_matrix/client/versions", self._versions)
        routes.add("GET", "/_matrix/client/v3/account/whoami", self._whoami)
        routes.add("POST", "/_matrix/client/v3/logout", self._logout)
        routes.add("GET", "/_synapse/admin/v2/users/{user}", self._user)
        routes.add("GET", "/_synapse/admin/v1/users/{user}/admin", self._is_admin)
        self.answer = routes

    def sign_in(self, name: str, user: str = BOT) -> BookKey:
        """Return the token of a new device, as a person gets one at a client or from `mas-cli`."""
        return self.tokens.create(name, matrix_token(), {"user": user})

    def _versions(self, _: Call) -> Response:
        return JSONResponse({"versions": ["v1.11", "v1.12"], "unstable_features": {}})

    def _whoami(self, call: Call) -> Response:
        token = self._token(call)
        told = {"user_id": token.more["user"], "is_guest": False}
        return JSONResponse({**told, "device_id": token.key_id})

    def _logout(self, call: Call) -> Response:
        """End a token; beside MAS it is MAS that answers, which remembers nothing."""
        token = self._living(call)
        self.tokens.remove(token.key_id)
        self._remembered = [token] * self.remembers if self.mas else []
        return JSONResponse({})

    def _user(self, call: Call, user: str) -> Response:
        self._check_admin(call)
        if user not in (BOT, CLERK):
            raise _refused(404, "M_NOT_FOUND", "User not found")
        # beside MAS the right is the token's, and Synapse does not know who has it
        is_admin = user in self.admins and not self.mas
        return JSONResponse({"name": user, "admin": is_admin, "deactivated": False})

    def _is_admin(self, call: Call, user: str) -> Response:
        if self.mas:
            raise _refused(404, "M_UNRECOGNIZED", "Unrecognized request")
        self._check_admin(call)
        return JSONResponse({"admin": user in self.admins})

    def _check_admin(self, call: Call) -> None:
        if self._token(call).more["user"] not in self.admins:
            raise _refused(403, "M_FORBIDDEN", "You are not a server admin")

    def _token(self, call: Call) -> BookKey:
        """Return the token of a call, also one that has ended and is remembered."""
        if self._remembered and self._remembered[-1].secret == call.bearer():
            return self._remembered.pop()
        return self._living(call)

    def _living(self, call: Call) -> BookKey:
        secret = call.bearer()
        if not secret:
            raise _refused(401, "M_MISSING_TOKEN", "Missing access token")
        token = self.tokens.key_of(secret)
        if token is None:
            more = {"soft_logout": True} if self.soft else {"soft_logout": False}
            raise _refused(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.", **more)
        return token


def _refused(status: int, code: str, message: str, **more: Any) -> Refused:
    return Refused(_error(status, code, message, **more))


def _error(status: int, code: str, message: str, **more: Any) -> Response:
    return JSONResponse({"errcode": code, "error": message, **more}, status_code=status)
