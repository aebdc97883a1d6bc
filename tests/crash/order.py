"""Which cases are alike, and in which order they are played: a part of a matrix says what it can."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping

from tests.crash.cases import Case

Kind = tuple[str, ...]
"""What two cases have in common that a mistake in the engine would show itself in both of."""
_NAMED = re.compile(
    r"(?<=/namespaces/)[^/ ]+|(?<=/kustomizations/)[^/ ]+|(?<=/deployments/)[^/ ]+"
    r"|(?<=sets/)[^/ ]+|(?<=/secrets/)[^/ ]+|(?<=/health/)\S+|(?<=/input/suspended-)\S+(?=-step-)"
)
"""What a path names that is another in each runbook: an object of the cluster, a step at a gate."""


def kind_of(case: Case, uses: Mapping[str, str]) -> Kind:
    """Return the kind of a case: what happens, and at which act of which step function.

    `uses` gives what each step of the runbook uses, by its id, so that the same step of two
    runbooks counts once. How often a function was called by then, whether the run is killed again
    later, and the names in paths that differ between runbooks make no kind of their own.
    """
    happens = (case.way, case.duel, case.meanwhile, case.push, case.since)
    faults = tuple(f"{e.kind} {e.status} {e.times} {e.double} {e.path}" for e in case.faults)
    if case.at is None:
        return (*happens, *faults)
    function = re.sub(r" \d+$", "", case.at.place.partition(".")[2])
    step = case.at.checked or uses.get(case.at.step, case.at.step)
    return (*happens, *faults, step, function, _NAMED.sub("*", case.at.what))


def without_alike(
    cases: Iterable[Case],
    known: set[Kind],
    uses: Mapping[str, str],
    rng: random.Random,
    most: int,
) -> list[Case]:
    """Leave out cases of a runbook whose kind an earlier one has, but for `most` that are drawn.

    `known` has the kinds of the earlier runbooks, and gets those of this one.
    """
    kinds = {case: kind_of(case, uses) for case in cases}
    alike = [case for case, kind in kinds.items() if kind in known]
    drawn = set(rng.sample(alike, min(most, len(alike))))
    kept = [case for case, kind in kinds.items() if kind not in known or case in drawn]
    known.update(kinds.values())
    return kept


def newest_first(
    cases: Iterable[Case],
    played: Iterable[Case],
    uses: Mapping[str, Mapping[str, str]],
    rng: random.Random,
) -> list[Case]:
    """Return the cases in a drawn order: first one of each kind that was not played before.

    `uses` is by runbook. A part of what is returned is a fair sample of the rest.
    """
    known = {kind_of(case, uses[case.runbook]) for case in played}
    drawn = list(cases)
    rng.shuffle(drawn)
    new: list[Case] = []
    rest: list[Case] = []
    for case in drawn:
        kind = kind_of(case, uses[case.runbook])
        (rest if kind in known else new).append(case)
        known.add(kind)
    return [*new, *rest]
