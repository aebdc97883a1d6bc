"""Driving a run from outside, as people and other programs do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from demo.oncall import OnCall
from demo.stage import Stage
from engine.errors import Refused
from engine.fold import fold
from engine.ledger import Entry
from engine.state import Opening, RunState
from flows.door import prefect_state, start, wake

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds until something that must happen is given up; no test depends on how long it takes."""


def begin(runbook: str = "rotate-anthropic-api-key", by: str = "otto", **inputs: object) -> str:
    return start(runbook, {"reason": "a test of the engine", **inputs, "requested_by": by})


def entries(stage: Stage, run: str) -> list[Entry]:
    return list(stage.platform().journal.entries(run))


def state(stage: Stage, run: str) -> RunState:
    return fold(run, entries(stage, run))


def until(look: Callable[[], T | None], what: str) -> T:
    """Return the first answer of `look` that is not None; fail when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = look()
        if answer is not None:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE:g} s for {what}")


def gate(stage: Stage, run: str, after: int = 0) -> Opening | None:
    """Return the next gate opened after opening number `after`; None when the run is over."""

    def look() -> Opening | bool | None:
        now = state(stage, run)
        if now.outcome is not None:
            return False
        if now.opening is not None and now.opening.number > after:
            return now.opening
        return None

    found = until(look, f"gate {after + 1} of run {run}")
    return found if isinstance(found, Opening) else None


def sail(stage: Stage, run: str, *, stop_before: str = "") -> RunState:
    """Approve gate after gate until the run is over, or stands at the gate of `stop_before`."""
    people, number = OnCall(stage), 0
    while (opening := gate(stage, run, number)) is not None:
        if opening.step == stop_before:
            break
        people.decide(run, opening)
        number = opening.number
    return state(stage, run)


def process_of(run: str) -> int | None:
    """Return the process that executes this flow run now; None while there is none."""
    wanted = f"PREFECT__FLOW_RUN_ID={run}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    return int(folder.name)
            except OSError:
                continue
    return None


def revive(stage: Stage, run: str) -> None:
    """Press Retry until the run is picked up again; between a look and a press it may be."""
    attempt = state(stage, run).attempt

    def press() -> bool | None:
        if state(stage, run).attempt > attempt:
            return True
        if prefect_state(run) in {"Crashed", "Failed", "Cancelled"}:
            with suppress(Refused):
                wake(run)
        return None

    until(press, f"run {run} to be picked up again")
