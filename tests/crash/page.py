"""docs/crash-matrix.md, written from what was played and from nothing else."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from demo.stage import ROOT
from sandbox.programs import run_program
from tests.crash.always import ALWAYS
from tests.crash.boundary import KINDS
from tests.crash.cases import WAYS, Verdict, Way
from tests.crash.eventually import EVENTUALLY
from tests.crash.matrix import Matrix
from tests.crash.meanwhile import HAPPENINGS
from tests.crash.page_words import FOOT, HEAD, NOT_HELD, TABLES
from tests.crash.person import PERSON

PAGE = ROOT / "docs" / "crash-matrix.md"
MOST_FINDINGS = 30


def write_page(matrix: Matrix, path: Path) -> None:
    """Write the page."""
    path.write_text("\n".join(_lines(matrix)) + "\n")


def _lines(matrix: Matrix) -> Iterator[str]:
    yield HEAD
    yield from _summary(matrix)
    yield from _parts(matrix)
    yield from _boundaries(matrix)
    for name in matrix.names:
        yield from _invariants(name, _killed(matrix, name))
    yield from _faults(matrix)
    yield from _meanwhile(matrix)
    yield from _duels(matrix)
    yield from _findings(matrix.played)
    yield NOT_HELD
    yield FOOT


def _summary(matrix: Matrix) -> Iterator[str]:
    played, leaking = matrix.played, matrix.record.leaking
    asked = sum(verdict.checks.total() for verdict in played)
    wrong = sum(len(verdict.violations) for verdict in played)
    broken = sum(bool(verdict.broke) for verdict in played)
    git = run_program(["git", "--version"], environment={}).decode().split()[2]
    sops = run_program(["sops", "--version", "--disable-version-check"], environment={}).decode()
    versions = {
        "Python": platform.python_version(),
        "Prefect": version("prefect"),
        "sops": sops.split()[1],
        "git": git,
        "SQLite": sqlite3.sqlite_version,
    }
    how = "every boundary" if matrix.every else "the boundaries that differ"
    yield "## In numbers\n"
    yield "| | |\n|---|---|"
    yield f"| Cases | {len(played)} of {matrix.record.planned.total()}, {how} |"
    yield f"| Kills | {sum(verdict.kills for verdict in played)} |"
    yield f"| Questions to the invariants | {asked} |"
    yield f"| Violations | {wrong} |"
    yield f"| Cases that did not come to their end | {broken} |"
    yield f"| Values found in Prefect's databases and in logs | {', '.join(leaking) or 'none'} |"
    yield f"| Seed | {matrix.seed} |"
    yield f"| Machine | {_machine()} |"
    yield f"| Versions | {', '.join(f'{name} {value}' for name, value in versions.items())} |\n"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def _parts(matrix: Matrix) -> Iterator[str]:
    yield "| Table | Cases there are | Played | Not played | Wrong |\n|---|---|---|---|---|"
    for table, words in TABLES.items():
        planned = matrix.record.planned[table]
        played = matrix.record.tables.get(table, [])
        row = [planned, len(played), planned - len(played), _wrong(played)]
        numbers = " | ".join(map(str, row)) if planned else "not begun | 0 | all | 0"
        yield f"| {words} | {numbers} |"
    yield ""


def _boundaries(matrix: Matrix) -> Iterator[str]:
    yield "## Runbook, way and boundary\n"
    yield (
        "*Crossed* is how many boundaries a dry pass met, *stretches* how often the world changed "
        "between two of them (plus one), *not met* the kills whose boundary did not come up again.\n"
    )
    yield "| Runbook | Way | Boundary | Crossed | Cases | Kills | Not met | Wrong |"
    yield "|---|---|---|---|---|---|---|---|"
    for (name, way), dry in sorted(matrix.dry.items()):
        yield from _kinds(matrix, name, way, dry)  # type: ignore[arg-type] # keys are ways


def _kinds(matrix: Matrix, name: str, way: Way, dry: Verdict) -> Iterator[str]:
    played = [each for each in _killed(matrix, name) if each.case.way == way]
    crossed = Counter(each.kind for each in dry.trace)
    title = f"{name} | {WAYS[way]} ({len(dry.edges) + 1} stretches)"
    for kind, words in KINDS.items():
        cases = [each for each in played if each.case.at and each.case.at.kind == kind]
        if cases:
            kills, unmet = sum(each.kills for each in cases), sum(each.unmet for each in cases)
            row = [crossed[kind], len(cases), kills, unmet, _wrong(cases)]
            yield f"| {title} | {words} | {' | '.join(map(str, row))} |"


def _invariants(name: str, played: list[Verdict]) -> Iterator[str]:
    kinds = [kind for kind in KINDS if any(_kind(each) == kind for each in played)]
    if not kinds:
        return
    yield f"\n## Invariants of {name}\n"
    yield "How often each was asked after in the cases of that boundary; what failed stands in bold.\n"
    yield f"| Invariant | | {' | '.join(KINDS[kind] for kind in kinds)} |"
    yield f"|---|---|{'---|' * len(kinds)}"
    for invariant, words in {**ALWAYS, **EVENTUALLY, **PERSON}.items():
        cells = [_cell(invariant, [e for e in played if _kind(e) == kind]) for kind in kinds]
        yield f"| {invariant} | {words} | {' | '.join(cells)} |"


def _cell(invariant: str, played: Iterable[Verdict]) -> str:
    asked = broken = 0
    for verdict in played:
        asked += verdict.checks[invariant]
        broken += sum(name == invariant for name, _ in verdict.violations)
    return f"{asked}, **{broken} broken**" if broken else str(asked)


def _faults(matrix: Matrix) -> Iterator[str]:
    played = matrix.record.tables.get("faults", [])
    if not played:
        return
    yield "\n## Faults of the outside systems\n"
    yield (
        "Where a fault needs a person, a failure gate opens and the person says `retry` after it "
        "is gone. *Gates* counts those.\n"
    )
    yield "| Runbook | Fault | From | Failure gates | Ended right |\n|---|---|---|---|---|"
    for each in sorted(played, key=lambda v: (v.case.runbook, v.case.told, v.case.since)):
        case = each.case
        since = "before the run" if case.since == "start" else "the first gate"
        right = "**no**" if each.violations or each.broke else "yes"
        yield f"| {case.runbook} | `{case.told}` | {since} | {each.failure_gates} | {right} |"


def _meanwhile(matrix: Matrix) -> Iterator[str]:
    played = matrix.record.tables.get("meanwhile", [])
    if not played:
        return
    yield "\n## Things that happen meanwhile\n"
    yield (
        "The process is held at a boundary, the world is changed, and it goes on. A person who sets "
        "the very value of the run is the one case that ends with *stop* at a failure gate: nobody "
        "can know which value counts, and the engine must not write over it.\n"
    )
    yield "| Runbook | What happens | Cases | Failure gates | Wrong |\n|---|---|---|---|---|"
    for name in matrix.names:
        for happening, told in HAPPENINGS.items():
            cases = [e for e in played if (e.case.runbook, e.case.meanwhile) == (name, happening)]
            gates = sum(each.failure_gates for each in cases)
            numbers = f"{len(cases)} | {gates} | {_wrong(cases)}" if cases else "not played | | "
            yield f"| {name} | {told.words} | {numbers} |"


def _duels(matrix: Matrix) -> Iterator[str]:
    played = matrix.record.tables.get("duels", [])
    if not played:
        return
    yield "\n## Two processes at one run\n"
    yield "| Runbook | What | Ended right | What was found |\n|---|---|---|---|"
    for each in sorted(played, key=lambda v: (v.case.runbook, v.case.title)):
        case = each.case
        what = f"asleep at {case.at}" if case.at else "two workers at every pick-up"
        found = "; ".join(dict.fromkeys(f"{name}: {text}" for name, text in each.violations))
        right = "**no**" if found or each.broke else "yes"
        said = found or each.broke or "; ".join(each.notes)
        yield f"| {case.runbook} | {what} | {right} | {said} |"


def _findings(played: Iterable[Verdict]) -> Iterator[str]:
    found = [
        f"- {verdict.case.title}: {what}"
        for verdict in played
        for what in [*(f"{n}: {text}" for n, text in verdict.violations), verdict.broke]
        if what
    ]
    if found:
        yield "\n## What was broken\n"
        yield from found[:MOST_FINDINGS]
        if len(found) > MOST_FINDINGS:
            yield f"- and {len(found) - MOST_FINDINGS} more"


def _killed(matrix: Matrix, name: str) -> list[Verdict]:
    tables = [matrix.record.tables.get(table, []) for table in WAYS]
    return [each for table in tables for each in table if each.case.runbook == name]


def _kind(verdict: Verdict) -> str:
    return verdict.case.at.kind if verdict.case.at else ""


def _wrong(played: Iterable[Verdict]) -> int:
    return sum(bool(each.violations or each.broke) for each in played)
