"""The case files beside the runbooks, and every case of them played in a world of its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from adapters.kinds import CASES_FOLDER, orphans
from adapters.platform import Platform
from adapters.shared.clock import hastened
from adapters.shared.files import shown_path
from engine.case_checks import read_cases
from engine.cases import Case, Cases
from engine.errors import Refused
from rehearsal.comparing import differences
from rehearsal.loopback import loopback_only
from rehearsal.people import People
from rehearsal.platform import Rehearsed, rehearsed
from rehearsal.playing import Play, trail
from rehearsal.worlds import World, Worlds

HASTE = {"shorter": 10, "longer": 3}
"""How a rehearsal waits: a minute of patience is twenty looks in two seconds."""


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    runbook: str
    case: str
    differences: tuple[str, ...]
    """What is not as it has to be, a sentence each; none where the case holds."""
    trail: tuple[str, ...]
    """What the ledger says, a line for each entry."""
    seconds: float

    @property
    def holds(self) -> bool:
        """Tell whether the case ended as it had to."""
        return not self.differences


def case_file(author: Platform, runbook: str) -> Path:
    """Return where the cases of a runbook are, whether there are any or not."""
    return author.settings.runbooks / CASES_FOLDER / f"{runbook}.yaml"


def read_case_file(author: Platform, runbook: str) -> Cases:
    """Return the checked cases of a runbook; raise `Refused` if there are none, or `Invalid`."""
    path = case_file(author, runbook)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Refused(
            f"{runbook} has no cases at {path}: {error.strerror}",
            hint="docs/writing-a-runbook.md shows how a case is written.",
        ) from None
    return read_cases(text, shown_path(path), author.runbook(runbook))[0]


def cases_of(author: Platform, names: Collection[str]) -> tuple[Cases, ...]:
    """Return the case files of these runbooks, or of all that have one; raise as above.

    Without names also raises `Refused` for case files of no runbook, which nobody would play.
    """
    if not names and (lost := orphans(author.settings)):
        told = ", ".join(shown_path(each) for each in lost)
        raise Refused(
            f"there is no runbook for the cases in {told}",
            hint="Let a case file be named after its runbook, or remove it.",
        )
    wanted = tuple(names) or tuple(
        path.stem for path in author.files() if case_file(author, path.stem).exists()
    )
    return tuple(read_case_file(author, name) for name in wanted)


def needs_database(author: Platform, cases: Cases) -> bool:
    """Tell whether the cases need a database in their world: a real one, as there is no double."""
    return any(step.uses.startswith("postgres.") for step in author.runbook(cases.runbook).steps)


def play_cases(author: Platform, cases: Cases, worlds: Worlds, only: str = "") -> Iterator[Result]:
    """Play each case whose name holds `only`, in any case of letters, and yield what became of it."""
    for case in cases.cases:
        if only.casefold() in case.case.casefold():
            yield play_case(author, cases, case, worlds)


def play_case(author: Platform, cases: Cases, case: Case, worlds: Worlds) -> Result:
    """Play one case in a new world, which is gone afterwards; without a world it does not hold."""
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        wanted = worlds.make(folder / "world", database=needs_database(author, cases))
        found: tuple[str, ...]
        told: tuple[str, ...] = ()
        try:
            world = stack.enter_context(wanted)
        except Refused as error:
            found = (error.message,)
        else:
            platform = rehearsed(author, cases, case, world, folder)
            found, told = _in_world(platform, cases, case, world)
    return Result(cases.runbook, case.case, found, told, time.monotonic() - began)


def _in_world(
    platform: Rehearsed, cases: Cases, case: Case, world: World
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what differs, and the trail."""
    people = People(case, cases.bring, platform, world)
    play = Play(case, cases.runbook, {**cases.inputs, **case.inputs}, platform, world, people)
    with loopback_only(), hastened(**HASTE), platform.journal:
        played = play.play()
        return tuple(differences(play, played)), trail(platform, played.run)
