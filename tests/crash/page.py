"""The pages of the crash matrix, written from what was played and from nothing else.

Each runbook has a page, in a folder. Beside the folder lies one that lists them, and is made of what
they say, so that runbooks can be played one at a time.
"""

from __future__ import annotations

import os
import platform
import re
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
from tests.crash.matrix import Matrix, runbooks
from tests.crash.meanwhile import HAPPENINGS
from tests.crash.page_words import FOOT, HEAD, NOT_HELD, TABLES, WRITTEN
from tests.crash.person import PERSON
from tests.crash.record import part

PAGES = ROOT / "docs" / "crash-matrix"
MOST_FINDINGS = 30
LISTED = (
    "Cases",
    "Kills",
    "Questions to the invariants",
    "Violations",
    "Cases that did not come to their end",
    "Values found in Prefect's databases and in logs",
    "Played",
)
"""What the list takes from a page."""


def write_pages(matrix: Matrix, folder: Path) -> None:
    """Write the page of each runbook of the matrix, and the list of all pages there are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in matrix.names:
        lines = _lines(name, matrix.of_runbook(name))
        (folder / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = _list(folder)
    folder.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _list(folder: Path) -> Iterator[str]:
    yield HEAD
    yield f"| Runbook | {' | '.join(LISTED)} |"
    yield f"|---|{'---|' * len(LISTED)}"
    for name in runbooks():
        page = folder / f"{name}.md"
        if page.exists():
            told = dict(_ROW.findall(page.read_text(encoding="utf-8")))
            cells = " | ".join(told.get(each, "") for each in LISTED)
            yield f"| [{name}]({folder.name}/{name}.md) | {cells} |"
        else:
            yield f"| {name} | not played as a whole |{' |' * (len(LISTED) - 1)}"
    yield NOT_HELD
    yield FOOT


_ROW = re.compile(r"^\| ([^|]+?) \| ([^|]*?) \|$", re.MULTILINE)
"""A row of two cells."""


def _lines(name: str, matrix: Matrix) -> Iterator[str]:
    yield f"# Crash matrix of {name}\n"
    yield WRITTEN
    yield from _summary(matrix)
    yield from _parts(matrix)
    yield from _boundaries(matrix)
    yield from _invariants(_killed(matrix))
    yield from _faults(matrix)
    yield from _meanwhile(matrix)
    yield from _duels(matrix)
    yield from _findings(matrix.played)


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
    if left := matrix.record.alike.total():
        yield f"| Left out, as earlier runbooks have their like | {left} |"
    yield f"| Kills | {sum(verdict.kills for verdict in played)} |"
    yield f"| Questions to the invariants | {asked} |"
    yield f"| Violations | {wrong} |"
    yield f"| Cases that did not come to their end | {broken} |"
    yield f"| Values found in Prefect's databases and in logs | {', '.join(leaking) or 'none'} |"
    yield f"| Played | {matrix.record.day} |"
    yield f"| Seed | {matrix.seed} |"
    yield f"| Machine | {_machine()} |"
    yield f"| Versions | {', '.join(f'{name} {value}' for name, value in versions.items())} |\n"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def _parts(matrix: Matrix) -> Iterator[str]:
    yield "| Table | Cases there are | Played | Not played | Wrong |\n|---|---|---|---|---|"
    for table, words in TABLES.items():
        planned = sum(matrix.record.planned[part(table, name)] for name in matrix.names)
        played = matrix.record.tables.get(table, [])
        row = [planned, len(played), planned - len(played), _wrong(played)]
        numbers = " | ".join(map(str, row)) if planned else "not begun | 0 | all | 0"
        yield f"| {words} | {numbers} |"
    yield ""


def _boundaries(matrix: Matrix) -> Iterator[str]:
    yield "## Way and boundary\n"
    yield (
        "*Crossed* is how many boundaries a dry pass met, *stretches* how often the world changed "
        "between two of them (plus one), *not met* the kills whose boundary did not come up again.\n"
    )
    yield "| Way | Boundary | Crossed | Cases | Kills | Not met | Wrong |"
    yield "|---|---|---|---|---|---|---|"
    for (_, way), dry in sorted(matrix.dry.items()):
        yield from _kinds(matrix, way, dry)  # type: ignore[arg-type] # keys are ways


def _kinds(matrix: Matrix, way: Way, dry: Verdict) -> Iterator[str]:
    played = [each for each in _killed(matrix) if each.case.way == way]
    crossed = Counter(each.kind for each in dry.trace)
    title = f"{WAYS[way]} ({len(dry.edges) + 1} stretches)"
    for kind, words in KINDS.items():
        cases = [each for each in played if each.case.at and each.case.at.kind == kind]
        if cases:
            kills, unmet = sum(each.kills for each in cases), sum(each.unmet for each in cases)
            row = [crossed[kind], len(cases), kills, unmet, _wrong(cases)]
            yield f"| {title} | {words} | {' | '.join(map(str, row))} |"


def _invariants(played: list[Verdict]) -> Iterator[str]:
    kinds = [kind for kind in KINDS if any(_kind(each) == kind for each in played)]
    if not kinds:
        return
    yield "\n## Invariants\n"
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
    yield "| Fault | From | Failure gates | Ended right |\n|---|---|---|---|"
    for each in sorted(played, key=lambda v: (v.case.told, v.case.since)):
        case = each.case
        since = "before the run" if case.since == "start" else "the first gate"
        right = "**no**" if each.violations or each.broke else "yes"
        yield f"| `{case.told}` | {since} | {each.failure_gates} | {right} |"


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
    yield "| What happens | Cases | Failure gates | Wrong |\n|---|---|---|---|"
    for happening, told in HAPPENINGS.items():
        cases = [each for each in played if each.case.meanwhile == happening]
        gates = sum(each.failure_gates for each in cases)
        numbers = f"{len(cases)} | {gates} | {_wrong(cases)}" if cases else "not played | | "
        yield f"| {told.words} | {numbers} |"


def _duels(matrix: Matrix) -> Iterator[str]:
    played = matrix.record.tables.get("duels", [])
    if not played:
        return
    yield "\n## Two processes at one run\n"
    yield "| What | Ended right | What was found |\n|---|---|---|"
    for each in sorted(played, key=lambda v: v.case.title):
        case = each.case
        what = f"asleep at {case.at}" if case.at else "two workers at every pick-up"
        found = "; ".join(dict.fromkeys(f"{name}: {text}" for name, text in each.violations))
        right = "**no**" if found or each.broke else "yes"
        said = found or each.broke or "; ".join(each.notes)
        yield f"| {what} | {right} | {said} |"


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


def _killed(matrix: Matrix) -> list[Verdict]:
    return [each for way in WAYS for each in matrix.record.tables.get(way, [])]


def _kind(verdict: Verdict) -> str:
    return verdict.case.at.kind if verdict.case.at else ""


def _wrong(played: Iterable[Verdict]) -> int:
    return sum(bool(each.violations or each.broke) for each in played)
