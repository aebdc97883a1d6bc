"""One flow for each runbook, as attributes of this module.

`prefect.yaml` says `entrypoint: flows/catalogue.py:rotate_anthropic_api_key`, and the attribute
is built from `rotate-anthropic-api-key.yaml` when Prefect asks for it, so an edited runbook is in
force at the next start without a restart of the worker.
"""

from __future__ import annotations

import os
from typing import Any

from prefect import Flow, flow

from adapters.platform import Platform, open_platform
from engine.errors import Refused
from engine.runbook import Runbook
from flows.form import docstring, signature
from flows.run import run_runbook

IN_A_RUN = "PREFECT__FLOW_RUN_ID"
"""Prefect sets it in the process of a run, which needs no form any more."""


def __getattr__(name: str) -> Flow[..., None]:
    """Return the flow of the runbook with this name, hyphens spelled as underscores."""
    if name.startswith("_"):
        raise AttributeError(name)
    platform = open_platform()
    try:
        runbook = platform.runbook(name.replace("_", "-"))
    except Refused as error:
        missing = str(error)
    else:
        return build(runbook, platform)
    raise AttributeError(missing)


def build(runbook: Runbook, platform: Platform) -> Flow[..., None]:
    """Return the flow that runs `runbook`; it takes the runbook's inputs and who asked for it."""

    def body(**parameters: Any) -> None:
        run_runbook(runbook.runbook, parameters)

    body.__name__ = runbook.runbook.replace("-", "_")
    takes_names = platform.settings.engine.accept_claimed
    body.__doc__ = docstring(runbook, takes_names=takes_names)
    catalogue = None if IN_A_RUN in os.environ else platform.catalogue
    shape = signature(runbook, catalogue, takes_names=takes_names)
    body.__signature__ = shape  # type: ignore[attr-defined] # read by inspect
    return flow(
        name=runbook.runbook,
        description=runbook.description or runbook.title,
        persist_result=False,
        log_prints=False,
        retries=0,
    )(body)
