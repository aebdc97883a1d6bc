"""What is laid over a stock process worker: runs start by the launcher, and crash once."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import FlowRun, StateType
from prefect.workers.process import (
    ProcessJobConfiguration,
    ProcessWorker,
    ProcessWorkerResult,
)

LAUNCHER = Path(__file__).with_name("launcher.py")
COLD = "python -m prefect.engine"
"""What `prefect.yaml` says for stock workers, and what this worker may replace."""


def warm_job(zygote: Path) -> type[ProcessJobConfiguration]:
    """Return a configuration whose runs ask the zygote at this socket.

    A deployment that names a command of its own keeps it.
    """
    launch = shlex.join([sys.executable, "-I", "-S", str(LAUNCHER), str(zygote)])

    class WarmJob(ProcessJobConfiguration):
        def prepare_for_flow_run(self, flow_run: FlowRun, *more: Any, **named: Any) -> None:
            if self.command in (None, COLD):
                self.command = launch
            super().prepare_for_flow_run(flow_run, *more, **named)

    return WarmJob


def report_crash_once(worker: ProcessWorker) -> Callable[..., Awaitable[ProcessWorkerResult]]:
    """Return the worker's `run` without its second report of the same crash.

    Prefect's executor reports a process that ended badly, and a moment later its worker reports
    the exit code once more (prefect/runner/_flow_run_executor.py, prefect/workers/base.py). A
    Retry pressed in between would be overwritten: the run stays crashed while its new process
    works on it. Where the first report was not taken, the second one stays.
    """
    run = worker.run

    async def once(flow_run: FlowRun, *more: Any, **named: Any) -> ProcessWorkerResult:
        result = await run(flow_run, *more, **named)
        if result.status_code != 0 and await _is_reported(worker, flow_run):
            return result.model_copy(update={"status_code": 0})
        return result

    return once


async def _is_reported(worker: ProcessWorker, taken: FlowRun) -> bool:
    """Tell whether the run has crashed since it was `taken`, whatever became of it afterwards."""
    states = await worker.client.read_flow_run_states(taken.id)
    since = next((n for n, state in enumerate(states) if state.id == taken.state_id), 0)
    return any(state.type is StateType.CRASHED for state in states[since:])
