"""How a case ended, held against how it had to end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.cases import Expect, Gate, gate_name
from engine.catalogue import KubernetesPlace, Secret
from engine.errors import RunbookError
from engine.ledger import DECISIONS, Entry, Event, verify
from engine.plan import Plan
from engine.state import Kind
from engine.step import Effect
from rehearsal.playing import Play, Played

DONE = (Event.STEP_SUCCEEDED, Event.STEP_FOUND_DONE)
BROKE = (Event.STEP_FAILED, Event.UNDO_FAILED)
CLOSED = (*DECISIONS, Event.GATE_EXPIRED)
ENDED = frozenset({"completed", "rejected", "rolled back", "stopped"})


def differences(play: Play, played: Played) -> Iterator[str]:
    """Yield a sentence for each thing that is not as the case expects it."""
    expect = play.case.expect
    entries = list(play.platform.journal.entries(played.run)) if played.plan else []
    if played.end != expect.end:
        why = f" ({played.why})" if played.why else ""
        yield f"end: expected {expect.end}, found {played.end}{why}"
    if expect.error and expect.error not in played.why:
        yield f"error: expected {expect.error!r}, found {played.why!r}"
    yield from _course(expect, entries)
    for decision in play.people.unused():
        yield f"decisions: {decision.name} was never asked, or not so often"
    for number, trouble in enumerate(play.case.troubles):
        if number not in play.begun:
            yield f"troubles: the turn of {trouble.from_} never came"
    for number in sorted(play.idle()):
        asked = play.case.troubles[number].request()
        what = f"{asked.get('method', 'any')} {asked.get('path', 'path')}"
        yield f"troubles: {asked['double']} was never asked for {what}, so nothing went wrong there"
    yield from _world(play, played)
    yield from _always(play, played)


def _course(expect: Expect, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what differs in the run's own entries."""
    if expect.gates is not None:
        yield from _gates(expect.gates, entries)
    yield from _listed("ran", expect.ran, _steps(entries, *DONE))
    yield from _listed("skipped", expect.skipped, _steps(entries, Event.GATE_SKIPPED))
    yield from _listed("undone", expect.undone, _steps(entries, Event.UNDO_SUCCEEDED))
    failures = [(e.step, str(e.details["message"])) for e in entries if e.event in BROKE]
    wanted = [(failure.step, failure.error) for failure in expect.failures]
    yield from _told("failures", wanted, failures)
    refusals = [
        (_gate(e), str(e.details.get("why", ""))) for e in entries if e.event is Event.GATE_REFUSED
    ]
    yield from _told("refusals", [(each.gate, each.why) for each in expect.refusals], refusals)


def _gates(wanted: Sequence[str | Gate], entries: Sequence[Entry]) -> Iterator[str]:
    opened = [entry for entry in entries if entry.event is Event.GATE_OPENED]
    names = [each.gate if isinstance(each, Gate) else each for each in wanted]
    yield from _listed("gates", names, [_gate(entry) for entry in opened])
    closers = {
        e.details.get("opening"): e.actor.subject
        for e in entries
        if e.event in CLOSED and "opening" in e.details
    }
    for asked, entry in zip(wanted, opened, strict=False):
        if isinstance(asked, str) or asked.gate != _gate(entry):
            continue
        found = {
            "to": tuple(entry.details["groups"]),
            "approvals": entry.details["approvals"],
            "by": closers.get(entry.details["opening"], "nobody"),
        }
        for key, value in found.items():
            if getattr(asked, key) not in {None, value}:
                yield f"gates: {asked.gate}: {key}: expected {getattr(asked, key)}, found {value}"


def _gate(entry: Entry) -> str:
    return gate_name(entry.step, Kind(entry.details["kind"]))


def _steps(entries: Sequence[Entry], *events: Event) -> list[str]:
    return [entry.step for entry in entries if entry.event in events]


def _listed(name: str, wanted: Iterable[str] | None, found: list[str]) -> Iterator[str]:
    if wanted is not None and list(wanted) != found:
        yield f"{name}: expected {_spelled(wanted)}, found {_spelled(found)}"


def _spelled(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _told(
    name: str, wanted: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """Compare pairs of a name and of words that have to stand in what was said."""
    fits = len(wanted) == len(found) and all(
        step == other and words in said
        for (step, words), (other, said) in zip(wanted, found, strict=True)
    )
    if not fits:
        yield f"{name}: expected {_pairs(wanted)}, found {_pairs(found)}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {words}" if words else name for name, words in pairs) or "none"


def _world(play: Play, played: Played) -> Iterator[str]:
    expect = play.case.expect
    state = play.world.state()
    yield from _facts("world", expect.world, state)
    if expect.stores or expect.identifier:
        yield from _held(play, played.plan)
    problems = [*state["problems"], *state["kubernetes"]["failures"]]
    if problems:
        yield f"the sandbox itself failed: {problems[0]}"


def _held(play: Play, plan: Plan | None) -> Iterator[str]:
    """Yield where the secret, of a pair either half, is not what it has to be."""
    expect, entry = play.case.expect, play.platform.entry(plan) if plan else None
    if entry is None:
        yield "stores: the runbook is about no secret of the catalogue"
        return
    yield from _stores(play, "stores", entry, expect.stores)
    if entry.identifier:
        other = play.platform.catalogue.secrets[entry.identifier]
        yield from _stores(play, "identifier", other, {**expect.stores, **expect.identifier})
    elif expect.identifier:
        yield "identifier: the secret is no half of a pair"


def _stores(play: Play, what: str, entry: Secret, wanted: Mapping[Any, str]) -> Iterator[str]:
    found = play.world.holdings(place_of(entry))
    for place, name in wanted.items():
        if found.get(place) != name:
            yield f"{what}: {place}: expected {name}, found {found.get(place, 'no such place')}"


def place_of(entry: Secret) -> dict[str, Any]:
    """Return where a secret lives, in the words of the sandbox."""
    place = {
        "path": entry.sops.path,
        "item": entry.vaultwarden.item,
        "field": entry.vaultwarden.field,
    }
    return {**place, "readers": [_reader(each) for each in entry.places]}


def _reader(place: KubernetesPlace) -> dict[str, Any]:
    every = (place.workload,) if isinstance(place.workload, str) else place.workload
    where = place.model_dump(include={"namespace", "secret", "key"})
    return {**where, "workloads": [each.partition("/")[2] for each in every]}


def _facts(path: str, wanted: Any, found: Any) -> Iterator[str]:
    """Compare what is named, and nothing else, however deep it lies."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name, value in wanted.items():
            if name in found:
                yield from _facts(f"{path}.{name}", value, found[name])
            else:
                yield f"{path}: there is no {name}; there is {_spelled(map(str, found))}"
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _facts(f"{path}[{number}]", one, other)
    elif wanted != found:
        yield f"{path}: expected {wanted}, found {found}"


def _always(play: Play, played: Played) -> Iterator[str]:
    """Yield what must be so in every case, whatever it expects."""
    if played.plan is None:
        return
    journal = play.platform.journal
    try:
        verify(journal.entries())
    except RunbookError as error:
        yield f"the ledger does not hold: {error.message}"
    if played.end in ENDED:
        if played.run in journal.holders().values():
            yield "the run has ended and still holds what it worked on"
        if journal.sealed(played.run):
            yield "the run has ended and its drawer is not empty"
    if played.end in {"completed", "rolled back"}:
        left = [b for b in play.world.state()["remote"]["branches"] if played.run in b]
        stores = [step for step in played.plan.steps if step.effect is Effect.STORE]
        if left and stores:
            yield f"the run has ended and left the branch {left[0]}"
