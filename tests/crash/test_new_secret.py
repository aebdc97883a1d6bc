"""A new secret and its entry in the catalogue come together or not at all, wherever the run is cut off."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.drift import compare_stores, read_ages
from adapters.platform import open_platform
from engine.drift import State
from engine.errors import Refused
from engine.plan import Plan
from engine.preflight import preflight
from engine.state import Outcome
from tests.crash.cases import Case, Verdict, Way
from tests.crash.playing import moored
from tests.crash.stroll import CutOff, stroll
from tests.crash.voyage import Voyage
from tests.crash.watch import watch_of

SEED = int(os.environ["RUNBOOK_CRASH_SEED"])
NAME = "events-webhook-secret"


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def new_secret(folder: Path, held: ExitStack, way: Way = "forward") -> Voyage:
    case = Case("add-secret", way)
    voyage = moored(case, folder / way, Verdict(case), held)

    def close() -> None:
        voyage.platform.journal.close()

    held.callback(close)
    return voyage


def as_another_process(voyage: Voyage) -> None:
    """Forget all but the files, the ledger and the world."""
    voyage.platform.journal.close()
    voyage.platform = open_platform(voyage.settings_file)


def planned_anew(voyage: Voyage) -> Plan:
    """Return the plan as a process makes it that starts now."""
    return voyage.platform.plan(voyage.case.runbook, voyage.hands.inputs)


@pytest.mark.parametrize("way", ["forward", "back"])
def test_cut_off_again_and_again_there_is_never_one_without_the_other(
    tmp_path: Path, held: ExitStack, way: Way
) -> None:
    voyage = new_secret(tmp_path, held, way)
    watch = watch_of(voyage, voyage.plan)
    rng = random.Random(f"{SEED} {way}")  # noqa: S311 - repeatable on purpose
    cuts, plans = 0, {voyage.plan.digest}
    while voyage.run == "" or voyage.state().outcome is None:
        try:
            stroll(voyage, rng.randint(4, 9), after=rng.random() < 0.5)
        except CutOff:
            cuts += 1
            watch.always()
        as_another_process(voyage)
        plans.add(planned_anew(voyage).digest)
    watch.finally_()

    is_there = NAME in voyage.platform.catalogue.secrets
    assert voyage.verdict.violations == []
    assert voyage.verdict.checks["I29"] > 0 or not is_there
    assert (cuts > 1, len(plans)) == (True, 1)
    assert is_there is (voyage.state().outcome is Outcome.COMPLETED)


def test_what_was_added_is_known_and_not_added_twice(tmp_path: Path, held: ExitStack) -> None:
    voyage = new_secret(tmp_path, held)
    stroll(voyage)
    as_another_process(voyage)

    compared = compare_stores(voyage.platform)
    rows = {row.secret: row.state for row in compared if row.secret}
    [age] = [each for each in read_ages(voyage.platform) if each.secret == NAME]
    assert (rows[NAME], age.max_age) == (State.EQUAL, timedelta(days=90))
    assert [row.place for row in compared if "calendar" in row.place] == []
    with pytest.raises(Refused, match=f"has an entry {NAME} already, at git:infra/secrets/cat"):
        preflight(planned_anew(voyage), voyage.platform.registry, lambda text: text)
