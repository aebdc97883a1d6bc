"""The tables of the matrix, in the order they are played."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import yaml

from demo.stage import ROOT
from sandbox.postgresql import find_programs
from tests.crash.boundary import Boundary
from tests.crash.cases import Case, Verdict, Way
from tests.crash.choice import choose, gates_only, sleeps, way_back_only
from tests.crash.draw import EVERY, MAIN, OTHER, Draw
from tests.crash.fleet import Fleet
from tests.crash.hands import hands_of
from tests.crash.meanwhile import HAPPENINGS, places, playable
from tests.crash.order import Kind, newest_first, without_alike
from tests.crash.record import Record, part
from tests.crash.trouble import fault_cases

NOT_RUNBOOKS = frozenset({"secrets.yaml", "people.yaml"})
FIRST = ("rotate-anthropic-api-key", "rotate-api-key")
"""The main jobs: played before all others, and with more that happens to them from outside."""


def runbooks() -> list[str]:
    """Return every runbook there is."""
    files = sorted((ROOT / "runbooks").glob("*.yaml"))
    return [file.stem for file in files if file.name not in NOT_RUNBOOKS]


def playable_runbooks() -> list[str]:
    """Return those whose world this machine can have."""
    has_database = find_programs() is not None
    return [name for name in runbooks() if has_database or not hands_of(name).needs_database]


def in_order(names: list[str]) -> list[str]:
    """Return runbooks in the order in which they are played: the main jobs first."""
    return [*(name for name in FIRST if name in names), *(n for n in names if n not in FIRST)]


def used_by(runbook: str) -> dict[str, str]:
    """Return what each step of a runbook uses, by its id."""
    told = yaml.safe_load((ROOT / "runbooks" / f"{runbook}.yaml").read_text())
    return {step["id"]: step["uses"] for step in told["steps"]}


def is_about_secret(runbook: str) -> bool:
    """Tell whether a runbook is about a secret, and not about a person."""
    return "secret" in yaml.safe_load((ROOT / "runbooks" / f"{runbook}.yaml").read_text())


@dataclass
class Matrix:
    """All that was played, by table."""

    fleet: Fleet
    names: list[str]
    seed: int
    every: bool = False
    only: str = ""
    """What the title of a case must have in it to be played."""
    until: float | None = None
    """When the last case may begin, by the monotonic clock."""
    keep: Callable[[], None] = lambda: None
    """Called after each case."""
    known: Record = field(default_factory=Record)
    """What an earlier part of the same matrix has played."""
    record: Record = field(default_factory=Record)
    dry: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    """The watched pass of each runbook and way."""
    kinds: set[Kind] = field(default_factory=set)
    """What the cases are that were chosen so far; their like in a later runbook is left out."""

    def forward(self) -> None:
        """Kill on the way forward, at every boundary that differs; twice in every second case."""
        single = self._dry_passes([Case(name, stepwise=True) for name in self.names])
        self._dry_passes([Case(name, again=True) for name in self.names])
        cases = []
        for plain, alone in zip(self._watched("forward"), single, strict=True):
            rng, draw = self._rng(plain.case), self._draw(plain.case.runbook)
            chosen = choose(plain, rng, extra=draw.extra, among=plain.trace).cases(rng)
            found = gates_only(alone, plain.trace)
            drawn = rng.sample(found, min(draw.gates, len(found)))
            chosen += [replace(alone.case, at=boundary) for boundary in drawn]
            cases += self._new("forward", chosen, rng)
        self._play("forward", cases)

    def other(self, way: Way) -> None:
        """Kill on one of the other ways, from where it parts from the way forward."""
        cases = []
        # what has no way to fail before its point of no return cannot be taken back
        failing = [n for n in self.names if way != "back" or hands_of(n).fail is not None]
        for dry in self._watched(way, failing):
            rng = self._rng(dry.case)
            among = way_back_only(dry) if way == "back" else gates_only(dry, self._plain(dry))
            extra = self._draw(dry.case.runbook).extra
            chosen = choose(dry, rng, extra=extra, among=among).cases(rng)
            cases += self._new(way, chosen, rng)
        self._play(way, cases)

    def faults(self) -> None:
        """Let the outside systems fail in each way that the sandbox knows."""
        cases = []
        for dry in self._watched("forward"):
            rng = self._rng(dry.case)
            chosen = fault_cases(dry, rng, self._draw(dry.case.runbook))
            cases += self._new("faults", chosen, rng)
        self._play("faults", cases)

    def duels(self) -> None:
        """Let two processes have the same run: at once, or one after a sleep."""
        cases = [Case(name, duel="two") for name in self.names]
        for dry in self._watched("forward"):
            rng, found = self._rng(dry.case), sleeps(dry)
            drawn = rng.sample(found, min(self._draw(dry.case.runbook).stale, len(found)))
            chosen = [Case(dry.case.runbook, duel="stale", at=each) for each in drawn]
            cases += self._new("duels", chosen, rng)
        self._play("duels", cases)

    def meanwhile(self) -> None:
        """Let things happen to the world while a run is held between two of its acts."""
        cases = []
        for dry in self._watched("forward"):
            rng = self._rng(dry.case)
            draw, has_secret = self._draw(dry.case.runbook), is_about_secret(dry.case.runbook)
            fit = [
                n for n in filter(playable, HAPPENINGS) if has_secret or not HAPPENINGS[n].to_secret
            ]
            for name in rng.sample(fit, min(draw.happenings, len(fit))):
                found = places(dry, HAPPENINGS[name].where, used_by(dry.case.runbook))
                drawn = rng.sample(found, min(draw.places, len(found)))
                cases += [Case(dry.case.runbook, meanwhile=name, at=each) for each in drawn]
        self._play("meanwhile", cases)

    def sample(self, size: int) -> None:
        """Kill each runbook at so many boundaries, drawn from those of a dry pass."""
        for dry in self._dry_passes([Case(name) for name in self.names]):
            rng = self._rng(dry.case)
            met = sorted({each for each in dry.trace if each.kind == "entry"})
            first = rng.choice(met)  # an entry always comes up again; the turn of a loop may not
            rest = sorted({*dry.trace} - {first})
            drawn = [first, *rng.sample(rest, size - 1)]
            self._play("sample", [Case(dry.case.runbook, at=each, again=True) for each in drawn])

    @property
    def played(self) -> list[Verdict]:
        """Return every case of every table."""
        return [verdict for table in self.record.tables.values() for verdict in table]

    def whole(self) -> Record:
        """Return all there is: what was played now, and what was before."""
        tables = {name: [*played] for name, played in self.record.tables.items()}
        planned, alike = Counter(self.record.planned), Counter(self.record.alike)
        record = replace(self.record, planned=planned, alike=alike, tables=tables)
        record.add(self.known)
        return record

    def finish(self) -> None:
        """Take over what was played before, so that the page tells of it too."""
        self.record = self.whole()
        for verdict in self.record.tables.get("dry", []):
            if verdict.case.watched:
                self.dry.setdefault((verdict.case.runbook, verdict.case.way), verdict)

    def of_runbook(self, name: str) -> Matrix:
        """Return the part of one runbook."""
        dry = {key: verdict for key, verdict in self.dry.items() if key[0] == name}
        return replace(self, names=[name], record=self.record.of_runbook(name), dry=dry)

    def _draw(self, name: str) -> Draw:
        """Return how much is drawn of a runbook: most of a main job, or of the only one."""
        if self.every:
            return EVERY
        return MAIN if name in FIRST or self.names == [name] else OTHER

    def _new(self, table: str, cases: list[Case], rng: random.Random) -> list[Case]:
        """Leave out what is like a case of an earlier runbook, but for some, and count it."""
        if not cases:
            return cases
        name = cases[0].runbook
        new = without_alike(cases, self.kinds, used_by(name), rng, self._draw(name).alike)
        self.record.alike[part(table, name)] += len(cases) - len(new)
        return new

    def _plain(self, dry: Verdict) -> Iterable[Boundary]:
        return self.dry[dry.case.runbook, "forward"].trace

    def _watched(self, way: Way, names: list[str] | None = None) -> list[Verdict]:
        names = self.names if names is None else names
        missing = [n for n in names if (n, way) not in self.dry]
        for verdict in self._dry_passes([Case(name, way, watched=True) for name in missing]):
            self.dry[verdict.case.runbook, way] = verdict
        return [self.dry[name, way] for name in names]

    def _dry_passes(self, cases: list[Case]) -> list[Verdict]:
        self.record.plan("dry", cases)
        found = self.known.of("dry", cases)
        for verdict in self.fleet.play(_without(cases, found)):
            tell(verdict)
            found.append(verdict)
        order = {case: number for number, case in enumerate(cases)}
        found.sort(key=lambda each: order[each.case])
        for verdict in found:
            assert not verdict.broke, f"{verdict.case.title}: {verdict.broke}"
        self.record.tables.setdefault("dry", []).extend(found)
        return found

    def _play(self, table: str, cases: list[Case]) -> None:
        cases = [case for case in cases if self.only in case.title]
        self.record.plan(table, cases)
        found = self.known.of(table, cases)
        self.record.tables.setdefault(table, []).extend(found)
        uses = {name: used_by(name) for name in runbooks()}
        known = [each.case for each in self.known.tables.get(table, [])]
        rng = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        left = newest_first(_without(cases, found), known, uses, rng)
        began = time.monotonic()
        for number, verdict in enumerate(self.fleet.play(left, self.until), start=1):
            tell(verdict, f"{number}/{len(left)} {time.monotonic() - began:.0f} s ")
            self.record.tables[table].append(verdict)
            self.record.day = f"{datetime.now(UTC):%Y-%m-%d}"
            self.keep()

    def _rng(self, case: Case) -> random.Random:
        return random.Random(f"{self.seed} {case.runbook} {case.way}")  # noqa: S311 - repeatable on purpose


def _without(cases: list[Case], found: list[Verdict]) -> list[Case]:
    played = {each.case for each in found}
    return [case for case in cases if case not in played]


def tell(verdict: Verdict, before: str = "") -> None:
    """Print one line about a case."""
    bad = [f"{name}: {what}" for name, what in verdict.violations]
    words = "; ".join([verdict.broke, *bad]).strip("; ") or ("unmet" if verdict.unmet else "right")
    sys.stdout.write(f"{before}{verdict.case.title}: {words} ({verdict.seconds:.1f} s)\n")
    sys.stdout.flush()
