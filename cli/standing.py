"""Where the stores stand, as a table and as JSON, and the next safe move of a run in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from cli.runs import Told
from cli.screen import table
from cli.text import SHORT, flat, moment
from cli.words import BRINGS, asks
from engine.catalogue import People
from engine.checklist import unsettled
from engine.ledger import SCHEDULE, Actor
from engine.plan import Plan
from engine.policy import covering, objection, people_needed, supporters
from engine.progress import AskPerson, End, Move, Perform
from engine.runbook import Gate
from engine.standing import Place, Stand, Standing, compare
from engine.state import Kind, Outcome, RunState
from engine.step import AnyStep, Effect

Compared = Sequence[tuple[Standing, Stand]]
BEFORE_CUTOVER = frozenset({Place.PENDING, Place.VAULT})
"""Places that must have the new value before it is put in force at the provider."""

READ = "sops.read"
"""The step whose first success tells what a run found in force."""
OURS = frozenset({Place.MAIN, Place.VAULT, Place.CLUSTER, Place.PODS})
"""Places a run brings from old to new; in any of them a third value stops it."""


def standings_table(standings: Iterable[Standing]) -> Table:
    """Return one row for each place that was looked at."""
    return table(("Place", "Holds", "Since (UTC)", "What is known"), map(_cells, standings))


def compared_table(compared: Compared) -> Table:
    """Return the same with what each place is to the run."""
    head = ("Place", "Stands", "Holds", "Since (UTC)", "What is known")
    return table(head, ((cells[0], stand.value, *cells[1:]) for cells, stand in _rows(compared)))


def facts_of(standing: Standing, stand: Stand | None = None) -> dict[str, Any]:
    """Return a standing for `--json`."""
    return {
        "place": standing.place.value,
        "name": standing.name,
        **({"stands": stand.value} if stand is not None else {}),
        "fingerprint": standing.fingerprint or None,
        "unknown": standing.unknown or None,
        "before": standing.before or None,
        "since": standing.since or None,
        "mark": standing.mark or None,
        "key": standing.key or None,
        "fits": list(standing.fits),
        "note": standing.note,
    }


def compared_with(
    told: Told, registry: Mapping[str, AnyStep], standings: Iterable[Standing]
) -> Compared:
    """Return what each place is to a run, going by what the run read at its start and then made."""
    old, new = old_and_new(told.plan, told.state, registry)
    return compare(standings, old, new, told.run)


def old_and_new(plan: Plan, state: RunState, registry: Mapping[str, AnyStep]) -> tuple[str, str]:
    """Return the fingerprints a run goes from and to; empty where it does not know them yet."""
    reads = [step.id for step in plan.steps if step.uses == READ]
    mints = [step.id for step in plan.steps if registry[step.uses].effect is Effect.MINT]
    return _first_fingerprint(state, reads), _first_fingerprint(state, mints)


def safe_move(told: Told, move: Move, compared: Compared, people: People) -> str:
    """Say in one sentence what may safely come next, and who may decide it."""
    run = told.run[:SHORT]
    foreign = [place.name for place, stand in compared if _is_foreign(told, place, stand)]
    if foreign:
        return (
            f"stop and look: {', '.join(foreign)} holds neither the old nor the new value; "
            "approve nothing until it is known who put it there"
        )
    if isinstance(move, AskPerson):
        return _at_gate(told, move, compared, people)
    if isinstance(move, End):
        return _at_end(told, move)
    if isinstance(move, Perform) and move.interrupted:
        return f"wait while {move.step.id} runs; if its process is gone, runbook resume {run}"
    return f"wait: {move.step.id} comes next, and nobody has to be asked"


def who_may(gate: Gate, state: RunState, people: People) -> str:
    """Say who may decide at a gate: how many, of which groups, and who that is as far as known."""
    members = {
        name: [
            each
            for each in people.groups[name].members
            if not objection(gate, Actor(each, groups=(name,)), state.initiator)
        ]
        for name in gate.groups
        if name in people.groups
    }
    groups = [f"{n} ({', '.join(members[n])})" if members.get(n) else n for n in gate.groups]
    is_anybody = gate.initiator_may_approve or state.initiator == SCHEDULE
    others = "" if is_anybody else f", but not {state.initiator.subject}"
    return (" or ".join(groups) or "anybody") + others


def _at_gate(told: Told, move: AskPerson, compared: Compared, people: People) -> str:
    step, run = move.step, told.run[:SHORT]
    gate = step.gate or told.plan.gate
    who = flat(who_may(gate, told.state, people))
    if move.kind is Kind.FAILURE:
        return f"{who} decides what follows the failure of {step.id}: runbook status {run}"
    doubt = _doubt(move, compared)
    if doubt:
        return f"do not approve {step.id} yet: {doubt}"
    given = supporters(gate, covering(told.plan, told.state, step, move.kind), told.state.initiator)
    left = people_needed(gate, told.state.initiator) - len(given)
    count = f"{left} of {who}" if left > 1 else who
    deed = f"the undoing of {step.id}" if move.kind is Kind.UNDO else step.id
    missing = unsettled(step, told.state.step(step.id)) if move.kind is Kind.STEP else ""
    if missing:
        return f"{count} may say where an item of {deed} stands: runbook note {run} ITEM STATE"
    return f"{count} may approve {deed}: runbook approve {run}{BRINGS.get(asks(move), '')}"


def _doubt(move: AskPerson, compared: Compared) -> str:
    """Say why nobody should let a step without return happen; empty where nothing speaks against."""
    if move.kind is not Kind.STEP or not move.step.no_return:
        return ""
    due = BEFORE_CUTOVER if move.step.effect is Effect.CUTOVER else OURS
    late = [f"{p.name} is {s.value}" for p, s in compared if p.place in due and s is not Stand.NEW]
    return f"there is no way back from it, and {', '.join(late)}" if late else ""


def _at_end(told: Told, move: End) -> str:
    if move.outcome in (Outcome.COMPLETED, Outcome.ROLLED_BACK, Outcome.REJECTED):
        return "nothing is left to be done"
    return f"the run is {move.outcome.value}: runbook recover {told.plan.secret} says what is left"


def _is_foreign(told: Told, place: Standing, stand: Stand) -> bool:
    is_own_branch = place.place is Place.PENDING and place.run == told.run
    return stand is Stand.OTHER and (place.place in OURS or is_own_branch)


def _first_fingerprint(state: RunState, steps: Iterable[str]) -> str:
    found = (state.step(step).outputs.get("fingerprint") for step in steps)
    return next((mark for mark in found if isinstance(mark, str)), "")


def _rows(compared: Compared) -> Iterable[tuple[tuple[str, ...], Stand]]:
    return ((_cells(standing), stand) for standing, stand in compared)


def _cells(standing: Standing) -> tuple[str, ...]:
    return (
        flat(standing.name),
        standing.fingerprint or ("unknown" if standing.unknown else "-"),
        moment(standing.since),
        flat(standing.unknown or standing.note),
    )
