"""One case as it goes: a world of its own, a ledger of its own, and the harness as worker."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.states import Crashed, Pending

from adapters.platform import Platform
from demo.stage import settings_of as settings_by_map
from engine.catalogue import Secret
from engine.errors import RunbookError
from engine.fold import fold
from engine.ledger import Entry
from engine.plan import Plan
from engine.state import RunState
from flows.door import connected, standing, start, wake
from sandbox.keybook import Keybook
from sandbox.keyring import Ring
from sandbox.postgresql import Postgres
from sandbox.world import World
from tests.crash.boundary import Boundary
from tests.crash.cases import Case, Verdict
from tests.crash.hands import ROTATED_BY, Hands, hands_of
from tests.crash.harbour import Harbour, Nursery, Victim
from tests.crash.tripwire import Kill

PATIENCE = 180.0
"""Seconds for one pick-up; no test depends on how long it takes."""
MOST_PICK_UPS = 60
READY = frozenset({"Scheduled", "Resuming", "AwaitingRetry", "Late"})


class Stuck(Exception):
    """A case that did not come to its end; the text says where it stands."""


@dataclass
class Voyage:
    """A run in a world, with the processes that were started for it."""

    case: Case
    place: tuple[Harbour, Nursery] | None
    """The Prefect server it is at, and what forks its processes."""
    folder: Path
    world: World
    platform: Platform
    hands: Hands
    verdict: Verdict
    run: str = ""
    onlooker: str = ""
    """Socket at which the run waits at every boundary, in a dry pass."""
    keys_before: list[dict[str, str]] = field(default_factory=list)
    """The provider's keys before the run."""
    old: str = ""
    """The value before the run, in clear."""
    brought: list[str] = field(default_factory=list)
    """Values that people brought, in clear."""
    found: set[str] = field(default_factory=set)
    """New values met anywhere in the world, in clear."""
    victims: list[Victim] = field(default_factory=list)
    troubled: bool = False
    """Whether the faults of the case have begun."""
    decided: int = 0
    """Number of the last opening that was answered."""
    postgres: Postgres | None = None
    """The ledger's database, where that is a server."""
    clock: float = 0.0
    """Seconds by which the clock of every later process is off."""
    protected: int = 0
    """How many processes from now on may not write where the ledger is."""
    strange: bool = False
    """Whether a person set a value of the same secret, so that the run has to be stopped."""
    beside: str = ""
    """Path of another value that a person has committed meanwhile."""
    noted: bool = False
    """Whether a person has edited the notes of the item meanwhile."""
    held: ExitStack = field(default_factory=ExitStack)
    """What ends with the case."""

    @property
    def harbour(self) -> Harbour:
        """The Prefect server it is at."""
        assert self.place is not None, "nothing can be run without a place to sail from"
        return self.place[0]

    @property
    def trace(self) -> Path:
        """The file of boundaries."""
        return self.folder / "trace"

    @property
    def scratch(self) -> Path:
        """The TMPDIR of the run."""
        return self.state_folder / "tmp"

    @property
    def state_folder(self) -> Path:
        """Where the ledger's file is, and scratch; a disk of its own in some cases."""
        return self.folder / "state"

    @cached_property
    def plan(self) -> Plan:
        """What the run would do, as it was before it began."""
        return self.platform.plan(self.case.runbook, self.hands.inputs)

    @cached_property
    def secret(self) -> Secret:
        """The entry of the catalogue that the run is about, as it was before it began."""
        entry = self.platform.entry(self.plan)
        assert entry is not None, "the run is about no secret"
        return entry

    @property
    def ring(self) -> Ring | Keybook:
        """The keys of the provider whose key the secret is; another's, where it is none."""
        path = self.secret.sops.path if self.plan.secret else ""
        return self.world.rings.get(path, self.world.anthropic)

    @property
    def settings_file(self) -> Path:
        """The settings of the platform."""
        return self.folder / "runbook.yaml"

    def entries(self) -> list[Entry]:
        """Return the run's entries."""
        return list(self.platform.journal.entries(self.run))

    def state(self) -> RunState:
        """Return where the run stands by its ledger."""
        return fold(self.run, self.entries())

    def start(self) -> None:
        """Ask Prefect for the run, as the form does."""
        self.run = start(self.case.runbook, {**self.hands.inputs, "requested_by": ROTATED_BY})

    def fork(self, kill: Kill | None) -> Victim:
        """Start a process for the run as a worker would."""
        request = {
            "environment": {
                "RUNBOOK_SETTINGS": str(self.settings_file),
                "PREFECT__FLOW_RUN_ID": self.run,
                "TMPDIR": str(self.scratch),
            },
            "trace": str(self.trace),
            "log": str(self.folder / "log"),
            "api": self.harbour.api_url.split("/")[2],
            "onlooker": self.onlooker,
            "kill": asdict(kill) if kill else None,
            "clock": self.clock,
            "protect": str(self.state_folder) if self.protected else "",
        }
        self.protected = max(0, self.protected - 1)
        assert self.place is not None, "nothing can be run without a place to sail from"
        victim = Victim.of(self.place[1].fork(request))
        self.victims.append(victim)
        return victim

    def pick_up(self, kill: Kill | None) -> bool:
        """Run one process to the next gate or the end; tell whether it was killed as wished."""
        take(self.run)
        victim, before = self.fork(kill), self.struck()
        deadline = time.monotonic() + PATIENCE
        known: list[Entry] = []
        while not victim.is_gone(0.06):
            if self._stands_at_gate(known) and not _may_strike_late(kill):
                break
            if time.monotonic() > deadline:
                raise Stuck(f"a pick-up was not over after {PATIENCE:g} s: {self._where()}")
        return victim.is_gone() and self.struck() > before

    def struck(self) -> int:
        """Count the kills that came about."""
        return _lines(self.trace, "\tKILLED")

    def boundaries(self) -> tuple[Boundary, ...]:
        """Return every boundary crossed so far."""
        if not self.trace.exists():
            return ()
        lines = self.trace.read_text().splitlines()
        return tuple(Boundary.parse(line.removesuffix("\tKILLED")) for line in lines)

    def bury(self) -> None:
        """Wait until no process of the case is left, then report the crash as a worker does."""
        for victim in self.victims:
            if not victim.is_gone(PATIENCE):
                raise Stuck("a process of the run does not end")
        deadline = time.monotonic() + PATIENCE
        while orphans(self.scratch):
            if time.monotonic() > deadline:
                raise Stuck("a program of the run does not end")
            time.sleep(0.02)

    def report_crash(self) -> None:
        """Tell Prefect of the crash, as the worker does when a process ends badly.

        Where the run is suspended already, the worker died with its process and tells nothing: what
        stands at the gate then must do for an answer.
        """
        here = standing(self.run)
        if here.is_final or here.name == "Suspended":
            return
        with connected() as client:
            client.set_flow_run_state(UUID(self.run), Crashed(message="killed by the test"))

    def close(self) -> None:
        """End what is still there."""
        for victim in self.victims:
            victim.send(signal.SIGKILL)
            victim.is_gone(PATIENCE)
        self.platform.journal.close()
        self.world.close()
        self.held.close()

    def _stands_at_gate(self, known: list[Entry]) -> bool:
        """Tell whether the run waits for people; entries are read once, and kept in `known`."""
        last = known[-1].sequence if known else 0
        known += self.platform.journal.entries(self.run, after=last)
        opening = fold(self.run, known).opening
        if opening is None or opening.number <= self.decided:
            return False
        return standing(self.run).name == "Suspended"

    def _where(self) -> str:
        last = [str(each) for each in self.boundaries()[-1:]]
        return f"{standing(self.run).name}, last boundary {', '.join(last) or 'none'}"


def _may_strike_late(kill: Kill | None) -> bool:
    """Tell whether a process may be killed yet although Prefect has suspended its run."""
    return kill is not None and (kill.boundary is None or kill.boundary.kind == "prefect")


def take(run: str) -> None:
    """Take a run that is ready, as a worker does before it starts a process."""
    with connected() as client:
        client.set_flow_run_state(UUID(run), Pending())


def awaken(run: str) -> None:
    """Let the run be picked up again, as the UI's Retry does."""
    wake(run)


def orphans(scratch: Path) -> list[int]:
    """List the living processes that were started below this TMPDIR."""
    wanted = f"TMPDIR={scratch}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def is_stopped(process: int) -> bool:
    """Tell whether the process sleeps by SIGSTOP."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


def patiently(action: Callable[[], None]) -> None:
    """Try an answer again that comes a moment too early: the ledger has a gate before Prefect."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            action()
        except (RunbookError, httpx.HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def settings_of(world: World, folder: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the platform that is this world."""
    told = json.loads(world.layout.world_json.read_text())
    return {**settings_by_map(told, folder / "state" / "ledger.db"), **changes}


def _lines(path: Path, ending: str) -> int:
    if not path.exists():
        return 0
    return sum(line.endswith(ending) for line in path.read_text().splitlines())


__all__ = ["Stuck", "Voyage", "awaken", "hands_of", "orphans", "patiently", "settings_of", "take"]
