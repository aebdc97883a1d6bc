"""A pool with one worker, stock or warm, and small flows that show what a worker does with them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.states import Cancelling

from demo.processes import Program
from demo.processes import start as start_program
from demo.stage import ROOT, Stage
from engine.errors import Refused
from flows.door import at_server, wake
from flows.pool import make_pool
from tests.flows.voyages import until

FLOWS = '''
import os, sys, time
from pathlib import Path
from prefect import flow, get_run_logger
from prefect.flow_runs import suspend_flow_run

def say(mark, word):
    with Path(mark).open("a") as file:
        file.write(f"{word} {os.getpid()} {os.getppid()}\\n")

@flow(persist_result=False)
def wait(mark: str):
    """Say that it begins, wait for the file of the same name with .go, say that it ends."""
    say(mark, "begins")
    while not Path(mark + ".go").exists():
        time.sleep(0.05)
    say(mark, "ends")

@flow(persist_result=False)
def gate(mark: str):
    passed = Path(mark).exists()
    say(mark, "after" if passed else "before")
    if not passed:
        suspend_flow_run(timeout=600)

@flow(persist_result=False)
def leave(mark: str, code: int):
    os._exit(code)

@flow(persist_result=False)
def tell(mark: str):
    get_run_logger().info("a line for the log")
    print("a line for the screen")
    say(mark, os.environ.get("TOLD", "nothing"))
    say(mark, os.environ.get("PREFECT_LOGGING_LEVEL", "nothing"))
    say(mark, os.getcwd())
'''
TRACE = "RUNBOOK_WORKSHOP"
"""A variable that every process below the worker inherits."""


@dataclass(frozen=True)
class Workshop:
    """One pool of its own."""

    kind: str
    stage: Stage
    folder: Path
    pool: str
    trace: str
    programs: list[Program] = field(default_factory=list)

    @property
    def worker(self) -> Program:
        """The worker that was started last."""
        return self.programs[-1]

    def begin(
        self, flow: str, mark: Path, *, job: dict[str, Any] | None = None, **more: Any
    ) -> str:
        """Start a run of one of the small flows and return its id."""
        with get_client(sync_client=True) as client:
            deployment = client.create_deployment(
                flow_id=client.create_flow_from_name(flow),
                name=f"{self.pool}-{uuid.uuid4().hex[:6]}",
                work_pool_name=self.pool,
                entrypoint=f"small.py:{flow}",
                path=str(self.folder),
                pull_steps=[
                    {
                        "prefect.deployments.steps.set_working_directory": {
                            "directory": str(self.folder)
                        }
                    }
                ],
                job_variables={"command": "python -m prefect.engine", **(job or {})},
                enforce_parameter_schema=False,
            )
            return str(
                client.create_flow_run_from_deployment(
                    deployment, parameters={"mark": str(mark), **more}
                ).id
            )

    def start(self, *arguments: str, name: str = "") -> None:
        """Start another worker of the pool, under the same name or one of its own."""
        self.programs.append(_start(self, arguments, name or self.pool))

    def processes(self) -> dict[int, str]:
        """Return the living processes below the workers of this shop, with their commands."""
        found = {}
        wanted = f"{TRACE}={self.trace}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            if wanted in _environ(int(folder.name)):
                with suppress(OSError):
                    told = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(folder.name)] = told
        return found

    def zygotes(self) -> set[int]:
        """Return the zygotes that are no fork of one."""
        born = {pid for pid, told in self.processes().items() if "flows.worker.zygote" in told}
        return {pid for pid in born if _parent(pid) not in born}

    def executes(self, run: str) -> list[int]:
        """Return the processes that were started for the run; a fork is not started."""
        wanted = f"PREFECT__FLOW_RUN_ID={run}".encode()
        return [pid for pid in self.processes() if wanted in _environ(pid)]


@contextmanager
def open_shop(kind: str, stage: Stage, folder: Path, *arguments: str) -> Iterator[Workshop]:
    """Yield a pool with a worker of this kind; see afterwards that no process is left."""
    folder.mkdir()
    (folder / "small.py").write_text(FLOWS)
    shop = Workshop(kind, stage, folder, f"{kind}-{uuid.uuid4().hex[:6]}", uuid.uuid4().hex)
    with at_server(stage.api_url):
        make_pool(shop.pool)
    shop.start(*arguments)
    try:
        yield shop
    finally:
        for program in shop.programs:
            program.stop()
    until(lambda: True if not shop.processes() else None, "every process to be gone")


def _start(shop: Workshop, arguments: Sequence[str], name: str) -> Program:
    command = {
        "stock": ["prefect", "worker", "start", "--type", "process"],
        "warm": ["flows.worker"],
    }[shop.kind]
    return start_program(
        f"{shop.kind} worker",
        [*command, "--pool", shop.pool, "--name", name, *arguments],
        shop.folder / "worker.log",
        {**shop.stage.variables, TRACE: shop.trace},
        ROOT,
    )


def _environ(process: int) -> list[bytes]:
    try:
        return Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _parent(process: int) -> int:
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[1])


def make_pool_of(name: str, kind: str) -> None:
    """Make a pool of another type under this name, unless there is one."""
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=name, type=kind, base_job_template={}))


def read(run: str) -> FlowRun:
    """Return the run as Prefect has it."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(UUID(run))


def history(run: str) -> list[str]:
    """Return the names of all states the run has had, the first one first."""
    with get_client(sync_client=True) as client:
        return [state.name or "" for state in client.read_flow_run_states(UUID(run))]


def told(mark: Path) -> list[list[str]]:
    """Return what the run's code said: the word, its process and its parent, for each line."""
    return [line.split() for line in mark.read_text().splitlines()] if mark.exists() else []


def until_told(mark: Path, word: str, times: int = 1) -> int:
    """Wait until the run's code has said this so often; return the process that said it last."""

    def look() -> int | None:
        said = [line for line in told(mark) if line[0] == word]
        return int(said[-1][1]) if len(said) >= times else None

    return until(look, f"{word!r} in {mark.name}")


def until_state(run: str, *names: str) -> State:
    """Wait until Prefect has the run in one of these states."""

    def look() -> State | None:
        state = read(run).state
        return state if state is not None and state.name in names else None

    return until(look, f"run {run} to be {' or '.join(names)}")


def until_gone(process: int) -> None:
    """Wait until there is no such process."""
    until(lambda: None if Path(f"/proc/{process}").exists() else True, f"{process} to be gone")


def cancel(run: str) -> None:
    """Cancel the run as the UI does."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), Cancelling())


def resume(run: str) -> None:
    """Resume a suspended run that asked for nothing."""
    with get_client(sync_client=True) as client:
        client.resume_flow_run(UUID(run))


def retry(run: str, picked_up: Callable[[], bool]) -> None:
    """Press Retry until the run is picked up; Prefect's worker may report a crash twice."""

    def press() -> bool | None:
        if picked_up():
            return True
        state = read(run).state
        if state is not None and state.type in {StateType.CRASHED, StateType.CANCELLED}:
            with suppress(Refused):  # picked up between the look and the press
                wake(run)
        return None

    until(press, f"run {run} to be picked up again")
