"""The clock of the gates and the alarm of broken glass, through a real Prefect server and worker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client

from demo.stage import Stage, set_stage
from engine.errors import Refused
from engine.ledger import Entry, Event, timestamp
from engine.state import Outcome
from flows.door import answer, at_server, open_gate, prefect_state, start
from flows.watch import NAME
from sandbox.inbox import Inbox
from tests.flows.voyages import begin, entries, gate, revive, state, until

pytestmark = pytest.mark.xdist_group("stage")

GATE = "gate: {groups: [plana-staff, plana-admins], approvals: 1, expires: 4h}"
RULES = """\
break_glass: {groups: [plana-staff]}
gate:
  groups: [plana-staff, plana-admins]
  approvals: 2
  expires: 45s
  escalate: {after: 1s, to: [plana-admins]}
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Inbox]:
    with Inbox() as opened:
        yield opened


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, box: Inbox) -> Iterator[Stage]:
    """A stage whose gates expire soon, and whose people have an inbox."""
    folder = tmp_path_factory.mktemp("hasty")
    runbooks = shutil.copytree(
        Path(__file__).resolve().parents[2] / "runbooks", folder / "runbooks"
    )
    file = runbooks / "rotate-api-key.yaml"
    text = file.read_text()
    assert GATE in text
    file.write_text(text.replace(GATE, RULES))
    (folder / "targets").write_text(box.address("on-call"))
    changes: dict[str, Any] = {
        "runbooks": str(runbooks),
        "notify": {"targets_file": str(folder / "targets")},
    }
    with set_stage(folder / "state", changes=changes) as stage, at_server(stage.api_url):
        yield stage


def told(box: Inbox, title: str) -> dict[str, Any] | None:
    return next((one for one in box.messages if one["title"].startswith(title)), None)


def found(stage: Stage, run: str, event: Event) -> Entry | None:
    return next((entry for entry in entries(stage, run) if entry.event is event), None)


def _started(stage: Stage, run: str, step: str) -> Entry | None:
    told = entries(stage, run)
    return next((e for e in told if e.event is Event.STEP_STARTED and e.step == step), None)


def test_a_gate_that_nobody_answered_is_ended_and_escalated_by_the_scheduled_flow(
    hasty: Stage, box: Inbox
) -> None:
    run = begin("rotate-api-key", secret="website-session-secret")
    opening = gate(hasty, run)
    assert opening is not None
    with get_client(sync_client=True) as client:
        [schedule] = client.read_deployment_by_name(f"{NAME}/{NAME}").schedules
    until(lambda: timestamp(datetime.now(UTC)) > opening.expires or None, "the gate to expire")
    start(NAME, {})
    expired = until(lambda: found(hasty, run, Event.GATE_EXPIRED), "the clock to end the gate")
    until(lambda: told(box, "A gate expired: "), "people to be told")
    start(NAME, {})
    escalated = until(lambda: found(hasty, run, Event.GATE_ESCALATED), "the escalation")
    until(lambda: told(box, "A gate expired and nothing followed"), "the admins to be told")

    assert schedule.active
    assert expired.actor.verified == "engine"
    assert escalated.details["to"] == ["plana-admins"]
    assert not found(hasty, run, Event.GATE_APPROVED)

    until(lambda: True if prefect_state(run) == "Failed" else None, "Prefect to give the run up")
    revive(hasty, run)
    again = gate(hasty, run, opening.number)
    assert again is not None
    assert again.number == opening.number + 1


def test_broken_glass_opens_the_gate_and_is_told_at_once(hasty: Stage, box: Inbox) -> None:
    run = begin("rotate-api-key", secret="psd2-webhook-secret")

    def broken() -> Entry | None:
        """Press again where the gate expired before the answer was judged."""
        entry = found(hasty, run, Event.GLASS_BROKEN)
        if entry is None:
            try:
                waiting = open_gate(run)
                answer(run, {
                    "decision": "break glass", "name": "petra", "gate": waiting.key,
                    "comment": "the value is public since noon",
                })  # fmt: skip
            except Refused:
                if prefect_state(run) == "Failed":
                    revive(hasty, run)
        return entry

    entry = until(broken, "the glass to be broken")
    message = until(lambda: told(box, "The glass was broken"), "people to be told")
    until(lambda: _started(hasty, run, entry.step), "the step to run")

    assert entry.actor.subject == "petra"
    assert "petra (claimed) says: the value is public since noon" in message["message"]
    assert "2 of plana-staff or plana-admins had to agree" in message["message"]
    assert state(hasty, run).outcome is not Outcome.COMPLETED
