"""Starting another run from within one: what a step is given as `Call.open_run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Refused
from flows.door import start


def open_run(runbook: str, inputs: Mapping[str, Any], key: str) -> str:
    """Start a run once under `key` and return its id; see `engine.step.Call.open_run`."""
    try:
        return start(runbook, inputs, key)
    except Refused as error:
        told = error.message
    raise Refused(
        f"Prefect does not start {runbook}: {told}",
        hint="Behind the gateway a person starts runs and no worker: use `runbook run`.",
    )
