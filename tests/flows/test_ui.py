"""The main job from the browser alone: trigger, fill each form, approve, see the result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from demo.oncall import OnCall
from demo.proof import proofs
from demo.stage import Stage
from engine.state import Outcome
from tests.flows.browser import open_browser
from tests.flows.voyages import gate, state

pytestmark = pytest.mark.xdist_group("stage")

RUNBOOK = "rotate-anthropic-api-key"


def test_a_person_rotates_the_key_in_the_prefect_ui(stage: Stage) -> None:
    with get_client(sync_client=True) as client:
        deployment = str(client.read_deployment_by_name(f"{RUNBOOK}/{RUNBOOK}").id)
    people, number, seen = OnCall(stage), 0, []
    with open_browser(stage.url) as browser:
        run = browser.start_run(
            deployment, {"reason": "Rotated from the browser", "requested_by": "otto"}
        )
        while (opening := gate(stage, run, number)) is not None:
            dialog = browser.open_gate(run)
            seen.append(dialog.inner_text())
            _keep_picture(browser.page.screenshot, opening.step)
            sealed = stage.platform().seal().close(people.new_key(run)) if number == 0 else ""
            name = "anna" if opening.step == "revoke" else "olga"
            browser.decide(dialog, "approve", name, sealed)
            number = opening.number

    assert state(stage, run).outcome is Outcome.COMPLETED
    assert len(list(proofs(stage, run))) == 5
    assert number == 8
    assert all("What it will do." in text and "Who may decide." in text for text in seen)
    assert "What is there now." in seen[1]
    assert "Find the new key at Anthropic" in seen[1]
    assert "Point of no return" in seen[-1]


def _keep_picture(screenshot: object, step: str) -> None:
    """Keep pictures of the gates where `RUNBOOK_PICTURES` names a folder, e.g. for the README."""
    folder = os.environ.get("RUNBOOK_PICTURES")
    if folder:
        screenshot(path=str(Path(folder) / f"gate-{step}.png"))  # type: ignore[operator]
