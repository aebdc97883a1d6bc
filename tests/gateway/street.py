"""The gateway's pages on loopback, a real provider beside them, and browsers that go between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.signin import FIELD
from gateway.device import Devices
from gateway.oidc import Provider
from gateway.pages import Pages
from sandbox.access import AccessLog
from sandbox.clock import Clock as WorldClock
from sandbox.faults import Faults
from sandbox.identity import CLIENT, Identity
from sandbox.layout import Layout
from sandbox.server import Server
from sandbox.staff import hire
from sandbox.wire import Wire
from tests.gateway.porch import Clock, Porch

ROLES = {"approver": ["plana-staff"], "viewer": ["plana-guests"]}


class Street:
    """The gateway's pages, a provider, and browsers that go between them."""

    def __init__(self, folder: Path, own: str, provider: str, layout: Layout) -> None:
        changes = {"url": own, "oidc_issuer": provider, "oidc_client_id": CLIENT, "roles": ROLES}
        self.porch = Porch(folder, Clock(int(time.time())), changes)
        self.layout = layout
        self.browsers: list[httpx.Client] = []
        self.own = own
        self.provider = provider
        made = Provider(self.porch.settings, SecretStr("client-secret"))
        self.app: ASGIApp = Pages(self.porch.doors, made).app(*Devices(self.porch.doors).routes())

    def browser(self) -> httpx.Client:
        self.browsers.append(httpx.Client(base_url=self.own))
        return self.browsers[-1]

    def leaves(self, browser: httpx.Client, query: str = "") -> str:
        answer = browser.get(f"/gateway/login{query}")
        assert answer.status_code == 303
        return answer.headers["location"]

    def comes_back(self, where: str, name: str) -> str:
        """Sign in at the provider, and return the path of the callback."""
        form = httpx.get(where).raise_for_status()
        fields = {field: unescape(value) for field, value in FIELD.findall(form.text)}
        secret = {"user": name, "password": self.layout.password(name).read_text()}
        sent = httpx.post(f"{self.provider}/authorize", data={**fields, **secret})
        back = urlsplit(sent.headers["location"])
        return f"{back.path}?{back.query}"

    def signed_in(self, name: str = "olga") -> httpx.Client:
        browser = self.browser()
        assert browser.get(self.comes_back(self.leaves(browser), name)).status_code == 303
        return browser


@contextmanager
def open_street(folder: Path) -> Iterator[Street]:
    layout = Layout(folder / "world")
    layout.credentials.mkdir(parents=True)
    identity = Identity(WorldClock(), hire(layout), "client-secret")
    streets: list[Street] = []

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        await streets[0].app(scope, receive, send)

    with closing(AccessLog(layout.access_log)) as log, ExitStack() as stack:
        provider = Server("identity", Wire("identity", identity.answer, log, Faults()))
        own = Server("pages", pages)
        streets.append(Street(folder, own.url, provider.url, layout))
        stack.callback(streets[0].porch.store.close)
        for server in (provider, own):
            server.start()
            stack.callback(server.stop)
        yield streets[0]
        for browser in streets[0].browsers:
            browser.close()
