"""Many runs of one small runbook on one stage: started, approved, and watched through the ledger."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

from adapters.gateway import Role
from adapters.ledger import SqlJournal
from benchmarks.processes import below, memory
from benchmarks.storage import FILES, Storage
from benchmarks.together import all_at_once
from demo.oncall import OnCall
from demo.stage import POOL, ROOT, Stage, set_stage
from engine.errors import Refused, RunbookError, Transient
from engine.ledger import Entry, Event
from flows.door import Waiting, answer, at_server, connected, open_gate, standing, start
from gateway.store import Store
from gateway.tokens import new_machine

T = TypeVar("T")
RUNBOOK = "wait-twice"
STEPS = ("first", "second")
BATCH = 10
"""Runs started at the same time."""
PATIENCE = 600.0
LONG = 60
"""Minutes until a gate expires, where none is to."""
LOOK = 0.25
"""Seconds between two looks; every time is read from the ledger, so it is in none of them."""
STARTER = "otto"


@dataclass
class Crowd:
    """The runs, in the order in which they were started."""

    stage: Stage
    runs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the ledger once, and have people who can sign in."""
        self.journal: SqlJournal = self.stage.platform().journal
        self.people = OnCall(self.stage)

    def grow(self, size: int) -> None:
        """Start runs until there are so many, and return when all of them stand at a gate."""
        with self.people.acting(STARTER):
            while len(self.runs) < size:
                wanted = min(BATCH, size - len(self.runs))
                more = [start(RUNBOOK, {}) for _ in range(wanted)]
                self.wait_for(more, Event.GATE_OPENED)
                self.runs += more

    def wait_for(self, runs: Iterable[str], event: Event, times: int = 1) -> list[Entry]:
        """Return the entry in which this was said of each run for so many times."""

        def look(run: str) -> Entry | None:
            said = [entry for entry in self.journal.entries(run) if entry.event is event]
            return said[times - 1] if len(said) >= times else None

        return [until(partial(look, run), f"{event.value} of {run}") for run in runs]

    def last(self, run: str, event: Event) -> Entry:
        """Return the last entry of this kind that the run has."""
        return [entry for entry in self.journal.entries(run) if entry.event is event][-1]

    def resume(self, runs: Sequence[str]) -> list[float]:
        """Approve the first gate of these at once.

        Returns the seconds from the first answer until the first step of each began, once all of
        them stand at their second gate.
        """
        sent = self.approve(runs)
        begun = self.wait_for(runs, Event.STEP_STARTED)
        self.wait_for(runs, Event.GATE_OPENED, 2)
        return [moment(entry.at) - sent for entry in begun]

    def approve(self, runs: Sequence[str]) -> float:
        """Approve the gates at which these stand, all at once; return when that began."""
        with self.people.acting(self.people.staff):
            gates = [until(partial(_gate, run), f"the form of {run}") for run in runs]
            return all_at_once(partial(_press, each) for each in gates)

    def held(self) -> tuple[int, float, float]:
        """Return the processes below the worker, and the MiB of worker and server."""
        worker = below(self.stage.programs["worker"].process.pid)
        server = below(self.stage.programs["server"].process.pid)
        return len(worker), memory(worker), memory(server)

    def settled(self) -> tuple[int, float, float]:
        """Return the same, once no process of a run is left."""
        return until(lambda: held if (held := self.held())[0] <= self.at_rest else None, "rest")

    at_rest: int = 2
    """Processes of a worker without a run: itself and its zygote."""


@contextmanager
def set_crowd(
    folder: Path, address: str, minutes: int, storage: Storage = FILES
) -> Iterator[Crowd]:
    """Yield nobody yet, on a stage with the clock of gates, whose gates expire after so long."""
    runbooks = folder / "runbooks"
    shutil.copytree(ROOT / "runbooks", runbooks)
    told = {
        "runbook": RUNBOOK,
        "title": "Wait twice",
        "gate": {"groups": ["plana-staff"], "expires": f"{minutes}m"},
        "steps": [
            {"id": name, "title": "Ask", "uses": "http.check", "with": {"url": address}}
            for name in STEPS
        ],
    }
    (runbooks / f"{RUNBOOK}.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    stage = set_stage(
        folder / "stage",
        say=lambda _: None,
        changes={"runbooks": str(runbooks), **storage.changes},
        extra=storage.extra,
        gateway=True,
    )
    with stage as made, at_server(made.api_url):
        _deploy(made)
        crowd = Crowd(made)
        with crowd.journal:
            yield crowd


def _deploy(stage: Stage) -> None:
    with closing(Store(stage.folder / "gateway" / "state.db")) as store:
        token = new_machine(store, "deployer", Role.DEPLOYER, 3600)
    with at_server(stage.api_url, token), connected() as client:
        client.create_deployment(
            flow_id=client.create_flow_from_name(RUNBOOK),
            name=RUNBOOK,
            work_pool_name=POOL,
            entrypoint=f"flows/catalogue.py:{RUNBOOK.replace('-', '_')}",
            pull_steps=[{"flows.project.stand_in_project": {}}],
            job_variables={"command": "python -m prefect.engine"},
            enforce_parameter_schema=False,
        )


def until(look: Callable[[], T | None], what: str) -> T:
    """Return what the look finds, once it finds something."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(LOOK)
    return found


def moment(at: str) -> float:
    """Return an entry's moment in seconds since the epoch."""
    return datetime.fromisoformat(at).timestamp()


def _gate(run: str) -> Waiting | None:
    try:
        return open_gate(run)
    except RunbookError:  # the ledger has a gate a moment before Prefect
        seen = standing(run)
    if seen.is_final:
        raise Refused(f"{run} is {seen.name}: {seen.message}")
    return None


def _press(waiting: Waiting) -> None:
    """Approve the gate, and again after a while if the server is busy or has had so many answers."""

    def press() -> bool | None:
        try:
            answer(waiting.run, _yes(waiting))
        except Transient:
            return None
        except Refused as refusal:
            if "slows you down" not in refusal.message:
                raise
            return None
        return True

    until(press, f"the answer to {waiting.key} of {waiting.run}")


def _yes(waiting: Waiting) -> Mapping[str, Any]:
    return {
        "decision": "approve",
        "gate": waiting.key,
        "comment": "Read and agreed.",
        "via": "benchmark",
    }
