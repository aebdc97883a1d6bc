"""Somebody comes, somebody goes: both runbooks to their end, and cut off at any entry on the way."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.ledger import Event
from engine.state import Outcome
from tests.crash.cases import Case, Verdict, Way
from tests.crash.hands import HANDS
from tests.crash.person import PersonWatch
from tests.crash.playing import moored
from tests.crash.stroll import CutOff, stroll
from tests.crash.voyage import Voyage

SEED = int(os.environ["RUNBOOK_CRASH_SEED"])
ON, OFF = "onboard-sops-recipient", "offboard-staff"


class Play:
    """Makes worlds, each with a run to be played in it, and ends them."""

    def __init__(self, folder: Path, held: ExitStack) -> None:
        self._folder, self._held = folder, held

    def __call__(self, runbook: str, way: Way = "forward") -> tuple[Voyage, PersonWatch]:
        case = Case(runbook, way)
        voyage = moored(case, self._folder / f"{runbook}-{way}", Verdict(case), self._held)
        self._held.callback(voyage.platform.journal.close)
        return voyage, PersonWatch.of(voyage, voyage.plan)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    with ExitStack() as held:
        yield Play(tmp_path, held)


@pytest.mark.parametrize("way", ["back", "reject"])
def test_taken_back_or_rejected_all_is_as_before(play: Play, way: Way) -> None:
    voyage, watch = play(OFF, way)

    stroll(voyage)
    watch.finally_()

    assert voyage.verdict.violations == []
    assert sum(voyage.verdict.checks.values()) > 10


@pytest.mark.parametrize("runbook", [ON, OFF])
def test_cut_off_again_and_again_it_loses_nothing_and_repeats_nothing(
    play: Play, runbook: str
) -> None:
    voyage, watch = play(runbook)
    rng = random.Random(f"{SEED} {runbook}")  # noqa: S311 - repeatable on purpose
    cuts = 0
    while voyage.run == "" or voyage.state().outcome is None:
        try:
            stroll(voyage, rng.randint(4, 8), after=rng.random() < 0.5)
        except CutOff:
            cuts += 1
            watch.always()
    watch.finally_()

    assert voyage.verdict.violations == []
    assert cuts > 1


def test_a_wrong_word_of_the_newcomer_is_asked_for_again_and_adds_nobody(play: Play) -> None:
    voyage, watch = play(ON)
    right = HANDS[ON].comments["proven"]
    said: list[str] = []

    def guess(here: Voyage) -> str:
        said.append("0" * 40 if not said else right(here))
        return said[-1]

    voyage.hands = voyage.hands.__class__(inputs=voyage.hands.inputs, comments={"proven": guess})
    stroll(voyage)

    refused = [e for e in voyage.entries() if e.event is Event.GATE_REFUSED]
    assert [e.details["why"] for e in refused] == [
        "that is not the word that was encrypted to the newcomer"
    ]
    assert voyage.state().outcome is Outcome.COMPLETED
    watch.always()
    assert voyage.verdict.violations == []
