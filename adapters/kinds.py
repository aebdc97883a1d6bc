"""What kind of file each is of those that lie where the runbooks do."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from adapters.settings import Settings

CASES_FOLDER = "tests"
"""Where case files lie, below the folder of runbooks."""


class Kind(Enum):
    """What a file holds."""

    RUNBOOK = "runbook"
    CATALOGUE = "catalogue"
    PEOPLE = "people"
    FREEZES = "freezes"
    CASES = "cases"


USUAL = {
    "secrets.yaml": Kind.CATALOGUE,
    "people.yaml": Kind.PEOPLE,
    "freeze.yaml": Kind.FREEZES,
}
"""What a file of this name holds, where the settings say nothing else of it."""


def kind_of(file: Path, settings: Settings) -> Kind:
    """Return what the file holds: by the settings that name it, else by its folder and its name."""
    named = {
        settings.catalogue: Kind.CATALOGUE,
        settings.people: Kind.PEOPLE,
        freeze_file(settings): Kind.FREEZES,
    }
    for path, kind in named.items():
        if path.name == file.name and path.resolve() == file.resolve():
            return kind
    if file.absolute().parent.name == CASES_FOLDER:
        return Kind.CASES
    return USUAL.get(file.name, Kind.RUNBOOK)


def freeze_file(settings: Settings) -> Path:
    """Return where the times of freezes are listed, whether there are any or not."""
    return settings.freeze or settings.people.with_name("freeze.yaml")


def orphans(settings: Settings) -> tuple[Path, ...]:
    """Return the case files whose runbook is not there, by name."""
    found = (settings.runbooks / CASES_FOLDER).glob("*.yaml")
    return tuple(sorted(each for each in found if not runbook_of(each).is_file()))


def runbook_of(cases: Path) -> Path:
    """Return the file of the runbook that a case file is about, whether it is there or not."""
    return cases.absolute().parent.parent / cases.name
