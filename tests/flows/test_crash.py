"""A run that is killed is picked up where it was, and nothing happens twice."""

from __future__ import annotations

import os
import signal

import httpx
import pytest

from demo.oncall import OnCall
from demo.proof import ask_sandbox, proofs
from demo.stage import Stage
from engine.ledger import Event
from engine.state import Outcome
from flows.door import prefect_state
from tests.flows.voyages import begin, entries, gate, process_of, revive, sail, until

pytestmark = pytest.mark.xdist_group("stage")

SLOW = 20
"""Seconds the double takes over one request, so that the kill falls into it."""


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("vaultwarden", {"double": "vaultwarden", "method": "PUT", "path": "/api/ciphers/*"}),
        ("restart", {"double": "kubernetes", "method": "PATCH", "path": "/apis/apps/*"}),
    ],
)
def test_a_kill_in_the_middle_of_a_step_loses_nothing_and_repeats_nothing(
    stage: Stage, step: str, fault: dict[str, str]
) -> None:
    before = ask_sandbox(stage, "state")
    run = begin()
    sail(stage, run, stop_before=step)
    opening = gate(stage, run)
    assert opening is not None
    assert opening.step == step
    control = f"{stage.world['urls']['control']}/sandbox/faults"
    httpx.post(control, json={**fault, "kind": "delay", "seconds": SLOW}).raise_for_status()
    until(lambda: process_of(run) is None or None, "the process before the gate to end")
    OnCall(stage).decide(run, opening)
    until(lambda: _last(stage, run, Event.STEP_STARTED, step), f"{step} to be started")

    process = until(lambda: process_of(run), "the process of the run")
    os.kill(process, signal.SIGKILL)
    until(lambda: True if prefect_state(run) == "Crashed" else None, "Prefect to see the crash")
    httpx.delete(control).raise_for_status()
    revive(stage, run)
    ended = sail(stage, run)

    after = ask_sandbox(stage, "state")
    assert ended.outcome is Outcome.COMPLETED
    assert len(list(proofs(stage, run))) == 5
    assert _count(after, "restarts") - _count(before, "restarts") == 1
    assert _count(after, "deactivations") - _count(before, "deactivations") == 1
    commits = [line for line in after["remote"]["log"] if run in str(line)]
    assert len(commits) <= 1
    approvals = [e.step for e in entries(stage, run) if e.event is Event.GATE_APPROVED]
    assert len(approvals) == len(set(approvals)), "an approval was asked for twice"


def _last(stage: Stage, run: str, event: Event, step: str) -> bool | None:
    last = entries(stage, run)[-1]
    return True if (last.event, last.step) == (event, step) else None


def _count(told: dict[str, dict[str, object]], what: str) -> int:
    if what == "restarts":
        restarts = told["kubernetes"]["restarts"]
        assert isinstance(restarts, dict)
        return int(restarts["ai-bos-agent/ai-agents"])
    return int(str(told["anthropic"][what]))
