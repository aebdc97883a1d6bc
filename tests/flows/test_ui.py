"""The main job from browsers alone, through the gateway: three people, and the UI as it is."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.oncall import OnCall
from demo.proof import proofs
from demo.signin import password_of
from demo.stage import Stage
from engine.ledger import Event
from engine.state import Outcome
from tests.flows.browser import Browser, open_browser
from tests.flows.voyages import entries, gate, state
from tests.gateway.town import Town

pytestmark = pytest.mark.xdist_group("gated")

RUNBOOK = "rotate-anthropic-api-key"


def test_three_people_rotate_the_key_in_the_prefect_ui(gated: Stage) -> None:
    with ExitStack() as stack:
        deployment = Town(gated, stack).deployment(RUNBOOK)
    with open_browser(gated.url) as anna:
        olga, ada = anna.another(), anna.another()
        for browser, name in ((anna, "anna"), (olga, "olga"), (ada, "ada")):
            browser.sign_in(name, password_of(gated.world, name))
        run = anna.start_run(deployment, {"reason": "Rotated from the browser"})
        seen = _approve_each(gated, run, {"revoke-0": anna, "revoke-1": ada}, olga)

    said = [(e.event, e.step, e.actor.subject) for e in entries(gated, run) if _is_said(e.event)]
    assert state(gated, run).outcome is Outcome.COMPLETED
    assert len(list(proofs(gated, run))) == 5
    assert said[-2:] == [
        (Event.GATE_REFUSED, "revoke", "anna"),
        (Event.GATE_APPROVED, "revoke", "ada"),
    ]
    assert {subject for _, _, subject in said[:-2]} == {"anna", "olga"}
    assert {e.actor.verified for e in entries(gated, run) if _is_said(e.event)} == {"oidc"}
    assert all("What it will do." in text and "Who may decide." in text for text in seen)
    assert not any("Your name" in text for text in seen)
    assert "Find the new key at Anthropic" in seen[1]
    assert "Point of no return" in seen[-1]
    assert "anna started this run, and the gate asks for somebody else" in seen[-1]


def _approve_each(
    stage: Stage, run: str, others: dict[str, Browser], usually: Browser
) -> list[str]:
    """Approve gate after gate, and return what each of them showed."""
    people, number, seen, asked = OnCall(stage), 0, [], 0
    while (opening := gate(stage, run, number)) is not None:
        browser = others.get(f"{opening.step}-{asked}", usually)
        asked += opening.step == "revoke"
        with people.acting("olga"):
            people.wait_for(run, opening)
        dialog = browser.open_gate(run)
        seen.append(dialog.inner_text())
        _keep_picture(browser.page.screenshot, opening.step)
        sealed = stage.platform().seal().close(people.new_key(run)) if number == 0 else ""
        browser.decide(dialog, "approve", sealed)
        number = opening.number
    return seen


def _is_said(event: Event) -> bool:
    return event in {Event.RUN_STARTED, Event.GATE_APPROVED, Event.GATE_REFUSED}


def _keep_picture(screenshot: object, step: str) -> None:
    """Keep pictures of the gates where `RUNBOOK_PICTURES` names a folder, e.g. for the README."""
    folder = os.environ.get("RUNBOOK_PICTURES")
    if folder:
        screenshot(path=str(Path(folder) / f"gate-{step}.png"))  # type: ignore[operator]
