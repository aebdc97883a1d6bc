"""Signing in and out, and letting a command line in: real pages, and a real provider on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.signin import FIELD
from gateway.device import GRANT, Devices
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


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    layout = Layout(tmp_path / "world")
    layout.credentials.mkdir(parents=True)
    identity = Identity(WorldClock(), hire(layout), "client-secret")
    streets: list[Street] = []

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        await streets[0].app(scope, receive, send)

    with closing(AccessLog(layout.access_log)) as log, ExitStack() as stack:
        provider = Server("identity", Wire("identity", identity.answer, log, Faults()))
        own = Server("pages", pages)
        streets.append(Street(tmp_path, own.url, provider.url, layout))
        stack.callback(streets[0].porch.store.close)
        for server in (provider, own):
            server.start()
            stack.callback(server.stop)
        yield streets[0]
        for browser in streets[0].browsers:
            browser.close()


def test_a_person_signs_in_goes_where_they_wanted_and_signs_out(street: Street) -> None:
    browser = street.browser()
    back = street.comes_back(street.leaves(browser, "?next=/runs/flow-run/x%3Fa=b"), "olga")

    answer = browser.get(back)

    cookie = answer.headers["set-cookie"]
    assert answer.headers["location"] == "/runs/flow-run/x?a=b"
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    me = browser.get("/gateway/me").json()
    assert (me["subject"], me["verified"], me["roles"]) == ("olga", "oidc", ["approver"])
    assert "olga" in browser.get("/gateway").text
    assert browser.post("/gateway/logout").status_code == 403
    assert browser.get("/gateway/me").status_code == 200
    kept = browser.cookies["runbook"]
    assert browser.post("/gateway/logout", headers={"origin": street.own}).status_code == 200
    assert browser.get("/gateway/me", headers={"cookie": f"runbook={kept}"}).status_code == 401


def test_a_callback_counts_once_and_in_its_own_browser(street: Street) -> None:
    browser, other = street.browser(), street.browser()
    back = street.comes_back(street.leaves(browser), "olga")
    street.leaves(other)

    assert other.get(back).status_code == 401
    assert browser.get(back).status_code == 401
    back = street.comes_back(street.leaves(browser), "olga")
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 401
    assert browser.get("/gateway/callback?code=x&state=y").status_code == 401


def test_a_code_is_no_good_in_another_sign_in(street: Street) -> None:
    browser, attacker = street.browser(), street.browser()
    stolen = street.comes_back(street.leaves(attacker), "otto")
    own = street.comes_back(street.leaves(browser), "olga")
    code = stolen.split("code=")[1].split("&")[0]
    swapped = own.replace(own.split("code=")[1].split("&")[0], code)

    assert browser.get(swapped).status_code == 401
    assert browser.get("/gateway/me").status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "",
        "/%0d%0aX:y",
        "/%09/x",
    ],
)
def test_a_sign_in_leads_nowhere_else(street: Street, wanted: str) -> None:
    browser = street.browser()
    back = street.comes_back(street.leaves(browser, f"?next={wanted}"), "olga")

    assert browser.get(back).headers["location"] == "/"


def test_somebody_without_a_role_is_not_let_in(street: Street) -> None:
    browser = street.browser()

    answer = browser.get(street.comes_back(street.leaves(browser), "nina"))

    assert answer.status_code == 403
    assert "nina is in no group that has a role here" in answer.text
    assert browser.get("/gateway/me").status_code == 401


def test_a_wrong_password_signs_nobody_in(street: Street) -> None:
    form = httpx.get(street.leaves(street.browser()))
    fields = dict(FIELD.findall(form.text))

    for name, password in (("olga", "wrong"), ("nobody", "wrong"), ("olga", "")):
        sent = {**fields, "user": name, "password": password}
        assert httpx.post(f"{street.provider}/authorize", data=sent).status_code == 401


def test_a_session_of_before_ends_when_somebody_signs_in_anew(street: Street) -> None:
    browser = street.signed_in()
    before = browser.cookies["runbook"]
    assert browser.get(street.comes_back(street.leaves(browser), "otto")).status_code == 303

    assert browser.get("/gateway/me").json()["subject"] == "otto"
    stale = street.browser().get("/gateway/me", headers={"cookie": f"runbook={before}"})
    assert stale.status_code == 401


def start(browser: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = browser.post("/gateway/device/start").json()
    return told


def poll(browser: httpx.Client, asked: dict[str, Any], grant: str = GRANT) -> dict[str, Any]:
    form = {"grant_type": grant, "device_code": asked["device_code"]}
    told: dict[str, Any] = browser.post("/gateway/device/token", data=form).json()
    return told


def let_in(browser: httpx.Client, code: str, origin: str | None = None) -> int:
    own = str(browser.base_url).rstrip("/") if origin is None else origin
    sent = browser.post("/gateway/device", data={"code": code}, headers={"origin": own})
    return sent.status_code


def test_a_command_line_is_let_in_by_a_person_once(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked = start(terminal)
    assert poll(terminal, asked) == {"error": "authorization_pending"}
    assert asked["user_code"] in browser.get(f"/gateway/device?code={asked['user_code']}").text
    assert let_in(browser, asked["user_code"].lower()) == 200

    given = poll(terminal, asked)

    assert given["subject"] == "olga"
    bearer = {"authorization": f"Bearer {given['access_token']}"}
    me = terminal.get("/gateway/me", headers=bearer).json()
    assert (me["subject"], me["verified"]) == ("olga", "token")
    assert poll(terminal, asked) == {"error": "expired_token"}
    assert let_in(browser, asked["user_code"]) == 403
    assert terminal.post("/gateway/device/end", headers=bearer).status_code == 200
    assert terminal.get("/gateway/me", headers=bearer).status_code == 401


def test_nobody_lets_a_command_line_in_unseen(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked = start(terminal)

    assert let_in(street.browser(), asked["user_code"]) == 401
    assert let_in(browser, asked["user_code"], "https://evil.example") == 403
    assert let_in(browser, asked["user_code"], "") == 403
    assert poll(terminal, asked, "password") == {"error": "unsupported_grant_type"}
    assert poll(terminal, asked) == {"error": "authorization_pending"}


def test_a_token_lets_no_other_command_line_in(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked = start(terminal)
    let_in(browser, asked["user_code"])
    bearer = {
        "authorization": f"Bearer {poll(terminal, asked)['access_token']}",
        "origin": street.own,
    }
    other = start(terminal)

    sent = terminal.post("/gateway/device", data={"code": other["user_code"]}, headers=bearer)

    assert sent.status_code == 401
    assert poll(terminal, other) == {"error": "authorization_pending"}


def test_codes_cannot_be_guessed_and_do_not_last(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked, late = start(terminal), start(terminal)
    street.porch.clock.second += 601
    assert let_in(browser, late["user_code"]) == 403
    assert poll(terminal, asked) == {"error": "expired_token"}
    fresh = start(terminal)
    for _ in range(10):
        assert let_in(browser, "BBBB-BBBB") == 403

    assert let_in(browser, fresh["user_code"]) == 403
    assert poll(terminal, fresh) == {"error": "authorization_pending"}
