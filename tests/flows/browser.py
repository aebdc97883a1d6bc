"""A person at the Prefect UI: Debian's Chromium, driven through the pages as they are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, Response, sync_playwright

from tests.needs import missing

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOADING = 60_000
"""Milliseconds until a page that does not come is given up."""

BUSY, TRIES = 503, 10
"""Prefect's server on SQLite answers 503 while its database is locked; a person presses again."""


@dataclass(frozen=True)
class Browser:
    """One page, and the few things a person does on it."""

    page: Page
    url: str

    def another(self) -> Browser:
        """Return the browser of somebody else, who shares nothing with this one."""
        browser = self.page.context.browser
        assert browser is not None
        return Browser(_new_page(browser), self.url)

    def sign_in(self, name: str, password: str) -> None:
        """Open the UI, and sign in where that leads."""
        self.page.goto(self.url)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/**")

    def start_run(self, deployment: str, fields: dict[str, str]) -> str:
        """Fill the form of a deployment, submit it, and return the id of the run."""
        self.page.goto(f"{self.url}/deployments/deployment/{deployment}/run")
        self.page.wait_for_load_state("networkidle")
        form = self.page.locator("form")
        for label, text in fields.items():
            self._field(form, label).locator("textarea, input").first.fill(text)
        with self.page.expect_response("**/create_flow_run") as created:
            form.get_by_role("button", name="Submit").click()
        assert created.value.ok, created.value.text()
        return str(created.value.json()["id"])

    def open_gate(self, run: str) -> Locator:
        """Open the form of the gate at which the run stands; return its dialog."""
        self.page.goto(f"{self.url}/runs/flow-run/{run}")
        self.page.get_by_role("button", name="Resume").first.click()
        dialog = self.page.locator("[role=dialog]")
        dialog.get_by_text("Decision", exact=True).wait_for()
        return dialog

    def decide(self, dialog: Locator, decision: str, sealed_value: str = "") -> None:
        """Fill the form of a gate and submit it; the gateway says who it is."""
        self.choose(dialog, "Decision", decision)
        if sealed_value:
            self._field(dialog, "Sealed value").locator("textarea").first.fill(sealed_value)
        assert self._submit(dialog).json()["status"] == "ACCEPT"

    def choose(self, dialog: Locator, label: str, option: str) -> None:
        """Take one entry of a list."""
        self._field(dialog, label).locator(".p-select-button__control").focus()
        self.page.keyboard.press("ArrowDown")
        self.page.locator(".p-select-option", has_text=option).first.click()

    def _submit(self, dialog: Locator) -> Response:
        for _ in range(TRIES):
            with self.page.expect_response("**/resume") as resumed:
                dialog.get_by_role("button", name="Submit").click()
            if resumed.value.status != BUSY:
                return resumed.value
        raise AssertionError(f"Prefect's server was busy {TRIES} times")

    def _field(self, within: Locator, label: str) -> Locator:
        text = re.compile(rf"^{re.escape(label)}( \(Optional\))?$")
        return within.locator(".p-label", has=self.page.get_by_text(text)).first


@contextmanager
def open_browser(url: str) -> Iterator[Browser]:
    """Yield a browser at the Prefect UI; skip, or fail, where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield Browser(_new_page(browser), url)
        browser.close()


def _new_page(browser: Chromium) -> Page:
    page = browser.new_page(viewport={"width": 1300, "height": 1400})
    page.set_default_timeout(LOADING)
    return page
