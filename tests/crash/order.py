"""In which order cases are played, so that a part of a matrix says as much as it can."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from tests.crash.cases import Case

Kind = tuple[str, ...]
"""What two cases have in common that a mistake in the engine would show itself in both of."""


def kind_of(case: Case, uses: Mapping[str, str]) -> Kind:
    """Return the kind of a case: what happens, and at which act of which step function.

    `uses` gives what each step of the runbook uses, by its id, so that the same step of two
    runbooks counts once.
    """
    happens = (case.way, case.duel, case.meanwhile, case.push, case.since, str(bool(case.second)))
    faults = tuple(f"{each.kind} {each.status} {each.path}" for each in case.faults)
    if case.at is None:
        return (*happens, *faults)
    function = case.at.place.partition(".")[2]
    return (*happens, *faults, uses.get(case.at.step, case.at.step), function, case.at.what)


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
