"""Websockets: opened for who may, and closed when who it was may no longer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import origin
from gateway.doors import Doors
from gateway.identity import Forbidden, Identity, Unknown
from gateway.limits import TooMany
from gateway.scopes import API, headers_of, inner_scope
from gateway.table import socket_roles

LOOK_EVERY = 5.0
"""Seconds between two looks whether somebody is still who they were."""
POLICY = 1008
"""RFC 6455: closed because of a policy."""


@dataclass(frozen=True)
class Sockets:
    """Prefect's websockets, and who may open them."""

    prefect: ASGIApp
    doors: Doors
    look_every: float = LOOK_EVERY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the websocket, or refuse it before it is one."""
        try:
            self._admit(scope)
        except (Unknown, Forbidden, TooMany):
            await receive()
            await send({"type": "websocket.close", "code": POLICY})
            return
        inner = asyncio.ensure_future(self.prefect(inner_scope(scope), receive, send))
        try:
            while not (await asyncio.wait({inner}, timeout=self.look_every))[0]:
                self._admit(scope, is_use=False)
            await inner
        except (Unknown, Forbidden, TooMany):
            await _cut(inner)
            await send({"type": "websocket.close", "code": POLICY})
        finally:
            inner.cancel()

    def _admit(self, scope: Scope, *, is_use: bool = True) -> Identity:
        """Return who it is; raise `Unknown` or `Forbidden` if they may not."""
        headers = headers_of(scope)
        who = self.doors.identify(headers, (scope.get("client") or ("",))[0], is_use=is_use)
        if who.is_ambient:
            origin.refuse_foreign_socket(headers, self.doors.settings.url)
        path: str = scope["path"]
        allowed = (
            socket_roles(path.removeprefix(API)) if path.startswith(f"{API}/") else frozenset()
        )
        if not who.roles & allowed:
            raise Forbidden("this websocket is not for you")
        return who


async def _cut(inner: asyncio.Future[None]) -> None:
    inner.cancel()
    await asyncio.wait({inner})
