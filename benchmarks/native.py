"""What a user of bare Prefect has: a flow that suspends or pauses itself, and the stock worker."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from demo.processes import Program, start
from demo.stage import ROOT, Stage
from flows.pool import make_pool

FLOW = '''
import time
from pathlib import Path
from prefect import flow
from prefect.flow_runs import pause_flow_run, suspend_flow_run

@flow(persist_result=False)
def gates(mark: str, count: int, way: str, poll: int):
    """Pass so many gates; what was asked is kept in a file, one line with a moment for each."""
    file = Path(mark)
    while True:
        passed = len(file.read_text().splitlines()) if file.exists() else 0
        with file.open("a") as told:
            told.write(f"{time.time()}\\n")
        if passed == count:
            return
        if way == "suspend":
            suspend_flow_run(timeout=7200, key=f"gate-{passed}")
        else:
            pause_flow_run(timeout=7200, poll_interval=poll, key=f"gate-{passed}")
'''
TUNED = (
    "PREFECT_WORKER_QUERY_SECONDS",
    "PREFECT_LOGGING_TO_API_BATCH_INTERVAL",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED",
)
"""What a stage sets to make Prefect quicker; bare Prefect does without."""
DEFAULT_POLL, TUNED_POLL = 10, 1
"""Seconds between two looks of a paused run: Prefect's default, and the least it takes."""
PATIENCE = 180.0
NO_WORKER = ("flows.worker", "--help")
"""In the place of a stage's own worker: it ends at once."""


@dataclass(frozen=True)
class Native:
    """One pool with a stock worker, and the flow on it."""

    folder: Path
    pool: str
    tuned: bool
    worker: Program

    def begin(self, way: str, gates: int) -> NativeRun:
        """Start a run that passes so many gates, by `suspend` or by `pause`."""
        mark = self.folder / uuid.uuid4().hex
        poll = TUNED_POLL if self.tuned else DEFAULT_POLL
        told = {"mark": str(mark), "count": gates, "way": way, "poll": poll}
        pull = {"prefect.deployments.steps.set_working_directory": {"directory": str(self.folder)}}
        with get_client(sync_client=True) as client:
            deployment = client.create_deployment(
                flow_id=client.create_flow_from_name("gates"),
                name=f"{self.pool}-{way}",
                work_pool_name=self.pool,
                entrypoint="native.py:gates",
                path=str(self.folder),
                pull_steps=[pull],
                job_variables={"command": "python -m prefect.engine"} if self.tuned else {},
                enforce_parameter_schema=False,
            )
            began = time.time()
            run = client.create_flow_run_from_deployment(deployment, parameters=told)
        return NativeRun(run.id, mark, began)


@dataclass(frozen=True)
class NativeRun:
    """One run of the flow."""

    id: UUID
    mark: Path
    began: float

    def moments(self) -> list[float]:
        """Return when its code came to each gate, in seconds since the epoch."""
        return [float(each) for each in self.mark.read_text().split()] if self.mark.exists() else []

    def wait_for(self, gate: int) -> float:
        """Return when the code came to this gate, once the run has it; the first is 0."""
        deadline = time.monotonic() + PATIENCE
        while len(self.moments()) <= gate:
            if time.monotonic() > deadline:
                raise TimeoutError(f"gate {gate} of {self.id}")
            time.sleep(0.02)
        return self.moments()[gate]

    def wait_until_asked(self) -> None:
        """Return once the run stands at its gate."""
        deadline = time.monotonic() + PATIENCE
        with get_client(sync_client=True) as client:
            while True:
                state = client.read_flow_run(self.id).state
                if state is not None and state.type is StateType.PAUSED:
                    return
                if time.monotonic() > deadline:
                    raise TimeoutError(f"run {self.id} is at no gate")
                time.sleep(0.05)

    def resume(self) -> float:
        """Press Resume, and return when."""
        with get_client(sync_client=True) as client:
            pressed = time.time()
            client.resume_flow_run(self.id)
        return pressed


@contextmanager
def native(stage: Stage, folder: Path, *, tuned: bool) -> Iterator[Native]:
    """Yield the flow on a pool of its own at the stage's server."""
    folder.mkdir()
    (folder / "native.py").write_text(FLOW)
    pool = f"native-{'tuned' if tuned else 'default'}"
    make_pool(pool)
    variables = {n: v for n, v in stage.variables.items() if tuned or n not in TUNED}
    command = ["prefect", "worker", "start", "--type", "process", "--pool", pool]
    worker = start("native worker", command, folder / "worker.log", variables, ROOT)
    try:
        yield Native(folder, pool, tuned, worker)
    finally:
        worker.stop()
