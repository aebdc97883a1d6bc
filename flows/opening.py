"""Starting another run from within one: what a step is given as `Call.open_run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from prefect.exceptions import PrefectHTTPStatusError

from engine.errors import Refused, RunbookError, Transient
from flows.door import start


def open_run(runbook: str, inputs: Mapping[str, Any], key: str) -> str:
    """Start a run once under `key` and return its id; see `engine.step.Call.open_run`."""
    failure: RunbookError
    try:
        return start(runbook, inputs, key)
    except PrefectHTTPStatusError as error:
        failure = Refused(
            f"Prefect does not start {runbook}: {error.response.status_code}",
            hint="Behind the gateway a person starts runs and no worker: use `runbook run`.",
        )
    except httpx.HTTPError as error:
        failure = Transient(f"Prefect did not answer: {type(error).__name__}")
    raise failure
