"""The tables of the matrix, in the order they are played."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from demo.stage import ROOT
from tests.crash.boundary import Boundary
from tests.crash.cases import Case, Verdict, Way
from tests.crash.choice import choose, gates_only, sleeps, way_back_only
from tests.crash.fleet import Fleet
from tests.crash.trouble import fault_cases

NOT_RUNBOOKS = frozenset({"secrets.yaml", "people.yaml"})
GATES = 8
"""Boundaries of single gates that are drawn from the pass in which each gate is answered alone."""
STALE = 12
"""Boundaries before an effect at which a process falls asleep, drawn for each runbook."""


def runbooks() -> list[str]:
    """Return every runbook there is."""
    files = sorted((ROOT / "runbooks").glob("*.yaml"))
    return [file.stem for file in files if file.name not in NOT_RUNBOOKS]


@dataclass
class Matrix:
    """All that was played, by table."""

    fleet: Fleet
    names: list[str]
    seed: int
    every: bool = False
    tables: dict[str, list[Verdict]] = field(default_factory=dict)
    dry: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    """The watched pass of each runbook and way."""
    planned: int = 0
    """How many cases were begun or wait; more than were played only after an interruption."""

    def forward(self) -> None:
        """Kill on the way forward, at every boundary that differs; twice in every second case."""
        single = self._dry_passes([Case(name, stepwise=True) for name in self.names])
        self._dry_passes([Case(name, again=True) for name in self.names])
        cases = []
        for plain, alone in zip(self._watched("forward"), single, strict=True):
            rng = self._rng(plain.case)
            cases += choose(plain, rng, every=self.every, among=plain.trace).cases(rng)
            found = gates_only(alone, plain.trace)
            drawn = found if self.every else rng.sample(found, min(GATES, len(found)))
            cases += [replace(alone.case, at=boundary) for boundary in drawn]
        self._play("forward", cases)

    def other(self, way: Way) -> None:
        """Kill on one of the other ways, from where it parts from the way forward."""
        cases = []
        for dry in self._watched(way):
            rng = self._rng(dry.case)
            among = way_back_only(dry) if way == "back" else gates_only(dry, self._plain(dry))
            cases += choose(dry, rng, every=self.every, among=among).cases(rng)
        self._play(way, cases)

    def faults(self) -> None:
        """Let the outside systems fail in each way that the sandbox knows."""
        cases = []
        for dry in self._watched("forward"):
            cases += fault_cases(dry, self._rng(dry.case), every=self.every)
        self._play("faults", cases)

    def duels(self) -> None:
        """Let two processes have the same run: at once, or one after a sleep."""
        cases = [Case(name, duel="two") for name in self.names]
        for dry in self._watched("forward"):
            found = sleeps(dry)
            drawn = (
                found if self.every else self._rng(dry.case).sample(found, min(STALE, len(found)))
            )
            cases += [Case(dry.case.runbook, duel="stale", at=each) for each in drawn]
        self._play("duels", cases)

    def sample(self, size: int) -> None:
        """Kill each runbook at so many boundaries, drawn from those of a dry pass."""
        for dry in self._dry_passes([Case(name) for name in self.names]):
            rng = self._rng(dry.case)
            drawn = rng.sample(sorted(set(dry.trace)), size)
            self._play("sample", [Case(dry.case.runbook, at=each, again=True) for each in drawn])

    @property
    def played(self) -> list[Verdict]:
        """Return every case of every table."""
        return [verdict for table in self.tables.values() for verdict in table]

    def _plain(self, dry: Verdict) -> Iterable[Boundary]:
        return self.dry[dry.case.runbook, "forward"].trace

    def _watched(self, way: Way) -> list[Verdict]:
        missing = [n for n in self.names if (n, way) not in self.dry]
        for verdict in self._dry_passes([Case(name, way, watched=True) for name in missing]):
            self.dry[verdict.case.runbook, way] = verdict
        return [self.dry[name, way] for name in self.names]

    def _dry_passes(self, cases: list[Case]) -> list[Verdict]:
        self.planned += len(cases)
        order = {case: number for number, case in enumerate(cases)}
        found = sorted(self.fleet.play(cases), key=lambda each: order[each.case])
        for verdict in found:
            tell(verdict)
            assert not verdict.broke, f"{verdict.case.title}: {verdict.broke}"
        self.tables.setdefault("dry", []).extend(found)
        return found

    def _play(self, table: str, cases: list[Case]) -> None:
        self.planned += len(cases)
        began = time.monotonic()
        for number, verdict in enumerate(self.fleet.play(cases), start=1):
            tell(verdict, f"{number}/{len(cases)} {time.monotonic() - began:.0f} s ")
            self.tables.setdefault(table, []).append(verdict)

    def _rng(self, case: Case) -> random.Random:
        return random.Random(f"{self.seed} {case.runbook} {case.way}")  # noqa: S311 - repeatable on purpose


def tell(verdict: Verdict, before: str = "") -> None:
    """Print one line about a case."""
    bad = [f"{name}: {what}" for name, what in verdict.violations]
    words = "; ".join([verdict.broke, *bad]).strip("; ") or ("unmet" if verdict.unmet else "right")
    sys.stdout.write(f"{before}{verdict.case.title}: {words} ({verdict.seconds:.1f} s)\n")
    sys.stdout.flush()
