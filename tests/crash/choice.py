"""Which boundaries a run is killed at, out of all that a dry pass has crossed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from tests.crash.boundary import Boundary
from tests.crash.cases import Case, Verdict


@dataclass(frozen=True)
class Choice:
    """The kills that follow from one dry pass."""

    dry: Verdict
    chosen: tuple[Boundary, ...]

    def cases(self, rng: random.Random) -> list[Case]:
        """Return a case for each boundary; every second one dies a second time later on."""
        case = self.dry.case
        return [
            Case(
                case.runbook,
                case.way,
                case.stepwise,
                at=boundary,
                second=rng.randint(1, 400) if number % 2 else 0,
                again=number % 5 == 0,
            )
            for number, boundary in enumerate(self.chosen)
        ]


def choose(
    dry: Verdict,
    rng: random.Random,
    *,
    extra: int,
    among: Iterable[Boundary],
) -> Choice:
    """Choose among the boundaries that count here.

    The first boundary after each change of the world, programs in the middle of a change, each
    kind of act at least once, and `extra` more that are drawn; on the way forward also each moment
    before a ledger entry, although the one after the last change leaves the same world.
    """
    candidates = list(dict.fromkeys(among))
    wanted = set(_edges(dry)) & set(candidates)
    if dry.case.way == "forward":
        wanted |= {each for each in candidates if each.kind == "entry"}
    acts = {each.act for each in wanted}
    for each in candidates:
        if each.act not in acts:
            acts.add(each.act)
            wanted.add(each)
    rest = [each for each in candidates if each not in wanted]
    wanted |= set(rng.sample(rest, min(extra, len(rest))))
    return Choice(dry, tuple(each for each in candidates if each in wanted))


def _edges(dry: Verdict) -> Iterable[Boundary]:
    """Return the first boundary after each change, and a program that was under way before it."""
    for before, after in dry.edges:
        if before.what.startswith("during"):
            yield before
        yield after


def gates_only(dry: Verdict, known: Iterable[Boundary]) -> list[Boundary]:
    """Return the boundaries of a pass gate by gate that the usual pass does not have."""
    places = {(each.kind, each.place, each.what) for each in known}
    return [
        each
        for each in dict.fromkeys(dry.trace)
        if (each.kind, each.place, each.what) not in places and each.kind in ("entry", "prefect")
    ]


def way_back_only(dry: Verdict) -> list[Boundary]:
    """Return the boundaries from the decision to roll back on."""
    decided = next(n for n, each in enumerate(dry.trace) if each.what == "before failure.decided")
    return list(dry.trace[decided:])


def sleeps(dry: Verdict) -> list[Boundary]:
    """Return where a process that falls asleep may do harm when it wakes: before each change."""
    return [
        before
        for before, _ in dry.edges
        if before.kind != "prefect" and not before.place.startswith(("pick-up", "preflight"))
    ]
