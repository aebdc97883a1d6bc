"""Everything that can be known to be wrong with a case file before a case is played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.cases import Case, Cases, Gate
from engine.findings import Finding, Invalid
from engine.loading import load
from engine.nearness import nearest
from engine.runbook import Runbook
from engine.source import Path, Source


def read_cases(text: str | bytes, file: str, runbook: Runbook) -> tuple[Cases, Source]:
    """Return the checked cases of `runbook` and their source; raise `Invalid` with every finding."""
    cases, source = load(text, file, Cases)
    findings = list(check(cases, source, runbook))
    if findings:
        raise Invalid(findings)
    return cases, source


def check(cases: Cases, source: Source, runbook: Runbook) -> Iterator[Finding]:
    """Yield every finding about a well-formed case file."""
    if cases.runbook != runbook.runbook:
        yield Finding(
            source.place(("runbook",)),
            f"the file is about {cases.runbook}, and its name says {runbook.runbook}",
            "Let the file be named after its runbook.",
        )
        return
    steps = [step.id for step in runbook.steps]
    yield from _steps_in(steps, ((("bring", name), name) for name in cases.bring), source)
    yield from _inputs_in(cases.inputs, ("inputs",), runbook, source)
    seen: set[str] = set()
    for index, case in enumerate(cases.cases):
        path: Path = ("cases", index)
        if case.case in seen:
            place = source.place((*path, "case"))
            yield Finding(place, "there is already a case of this name", "Say what differs.")
        seen.add(case.case)
        yield from _inputs_in(case.inputs, (*path, "inputs"), runbook, source)
        yield from _steps_in(steps, _named(case, path), source)


def _named(case: Case, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield where a case names which step."""
    for number, trouble in enumerate(case.troubles):
        if trouble.from_:
            yield (*path, "troubles", number, "from"), trouble.from_
    for number, decision in enumerate(case.decisions):
        yield (*path, "decisions", number, "gate"), decision.gate
        if decision.through:
            yield (*path, "decisions", number, "through"), decision.through
    expect: Path = (*path, "expect")
    for number, asked in enumerate(case.expect.gates or ()):
        name = asked.gate if isinstance(asked, Gate) else asked
        yield (*expect, "gates", number), name.partition(" ")[0]
    for key in ("ran", "skipped", "undone"):
        for number, name in enumerate(getattr(case.expect, key) or ()):
            yield (*expect, key, number), name
    for number, failure in enumerate(case.expect.failures):
        yield (*expect, "failures", number, "step"), failure.step
    for number, refusal in enumerate(case.expect.refusals):
        yield (*expect, "refusals", number, "gate"), refusal.gate.partition(" ")[0]


def _steps_in(
    steps: list[str], named: Iterable[tuple[Path, str]], source: Source
) -> Iterator[Finding]:
    for path, name in named:
        if name not in steps:
            place = source.key_place(path) if path[0] == "bring" else source.place(path)
            yield Finding(place, f"the runbook has no step `{name}`", nearest(name, steps))


def _inputs_in(
    given: Iterable[str], path: Path, runbook: Runbook, source: Source
) -> Iterator[Finding]:
    for name in given:
        if name not in runbook.inputs:
            place = source.key_place((*path, name))
            hint = nearest(name, runbook.inputs)
            yield Finding(place, f"`{name}` is not an input of {runbook.runbook}", hint)
