"""`runbook validate`: everything that is wrong, at once and before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from adapters.kinds import CASES_FOLDER, Kind, freeze_file, kind_of, runbook_of
from adapters.platform import Platform
from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.screen import say, say_json
from cli.shelf import Shelf, beside, open_shelf
from engine.case_checks import read_cases
from engine.cases import Cases
from engine.catalogue import Catalogue, People
from engine.checks import check_freezes
from engine.configuration import check_catalogue
from engine.entry_checks import check_entries, check_renewals
from engine.errors import Refused, RunbookError
from engine.findings import Finding, Invalid, Place
from engine.freeze import Freezes
from engine.loading import load
from engine.runbook import Runbook
from engine.source import Source

app = new_app()

MISNAMED = ".yml"
_ENDING = "Let its name end in .yaml."


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            exists=True,
            help="Files or folders; by default the folder of runbooks.",
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say all that is wrong with runbooks and catalogue.

    Every finding has its file, line and column. The catalogue and the groups that the runbooks
    refer to are checked with them. Without settings, those beside the runbooks count.
    """
    platform = open_shelf()
    files = _files(platform, paths or [_folder(platform)])
    findings = sorted({finding for file in files for finding in _check(platform, file)})
    if as_json:
        say_json({"files": len(files), "findings": [_facts(finding) for finding in findings]})
    else:
        for finding in findings:
            say(str(finding))
        count = f"{len(files)} files" if len(files) != 1 else "1 file"
        say(f"{count} checked: {len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
    if findings:
        raise typer.Exit(Exit.INVALID)


def _folder(platform: Platform) -> Path:
    """Return the folder of runbooks; raise `Refused` if there is none."""
    platform.files()
    return platform.settings.runbooks


def _files(platform: Platform, paths: Iterable[Path]) -> tuple[Path, ...]:
    """List the files, each once, with the catalogue and the groups they are held against."""
    found: dict[str, Path] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        files = _inside(path) if path.is_dir() else [path]
        for file in (*_companions(beside(platform, folder)), *files):
            found.setdefault(
                os.path.realpath(file), file
            )  # a loop of links is told when it is read
    return tuple(found.values())


def _inside(folder: Path) -> list[Path]:
    """List the files of a folder of runbooks, the cases below it, and what is misnamed among them."""
    every = (each for part in (folder, folder / CASES_FOLDER) for each in part.glob("*.y*ml"))
    return sorted(each for each in every if each.suffix in {".yaml", MISNAMED})


def _companions(platform: Platform) -> tuple[Path, ...]:
    settings = platform.settings
    needed = (settings.catalogue, settings.people)
    freezes = freeze_file(settings)
    is_optional = isinstance(platform, Shelf)
    named = (freezes,) if freezes.exists() or settings.freeze is not None else ()
    return (*(path for path in needed if path.exists() or not is_optional), *named)


def _check(platform: Platform, file: Path) -> tuple[Finding, ...]:
    if file.suffix == MISNAMED:
        return (Finding(Place(str(file)), "nothing reads a file of this name", _ENDING),)
    try:
        folder = file.absolute().parent
        is_case = kind_of(file, platform.settings) is Kind.CASES
        _read(beside(platform, folder.parent if is_case else folder), file)
    except Invalid as error:
        return error.findings
    except RunbookError as error:
        return (Finding(Place(str(file)), error.message, error.hint),)
    except OSError as error:
        return (Finding(Place(str(file)), f"the file cannot be read: {error.strerror}"),)
    return ()


def _read(platform: Platform, file: Path) -> None:
    match kind_of(file, platform.settings):
        case Kind.CATALOGUE:
            catalogue, source = load(file.read_bytes(), str(file), Catalogue)
            _raise((*check_catalogue(catalogue, source), *_taken(platform, catalogue, source)))
            _ = platform.catalogue  # with its part in git, where there is one
        case Kind.PEOPLE:
            load(file.read_bytes(), str(file), People)
        case Kind.FREEZES:
            freezes, source = load(file.read_bytes(), str(file), Freezes)
            if _can_compare(platform):
                _raise(check_freezes(freezes, source, platform.people))
        case Kind.CASES:
            _read_cases(platform, file)
        case Kind.RUNBOOK if _can_compare(platform):
            platform.read(file)
        case Kind.RUNBOOK:
            load(file.read_bytes(), str(file), Runbook)


def _taken(platform: Platform, catalogue: Catalogue, source: Source) -> Iterator[Finding]:
    """Yield what the runbooks cannot take, where there are any."""
    if not platform.settings.runbooks.is_dir() or not _can_compare(platform):
        return
    valid = []
    for path in platform.files():
        with suppress(RunbookError):  # told of the runbook itself
            valid.append(platform.read(path))
    yield from check_entries(catalogue, source, valid, platform.around)
    beside_it = platform.settings.catalogue.parent.glob("*.yaml")  # it may serve more than us
    known = {path.stem for path in (*platform.files(), *beside_it)}
    yield from check_renewals(catalogue, source, sorted(known))


def _read_cases(platform: Platform, file: Path) -> None:
    about = runbook_of(file)
    if not about.is_file():
        raise Refused(
            f"there is no runbook {about.stem} for these cases",
            hint="Let a case file be named after its runbook, or remove it.",
        )
    runbook = None
    with suppress(RunbookError):  # what is wrong with it is told of the runbook itself
        runbook = platform.read(about)
    if runbook is None:
        load(file.read_bytes(), str(file), Cases)
    else:
        read_cases(file.read_bytes(), str(file), runbook)


def _raise(findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if found:
        raise Invalid(found)


def _can_compare(platform: Platform) -> bool:
    """Tell whether there are a catalogue and groups to hold a runbook against.

    Where they are missing or broken that is a finding of its own, and not one of each runbook.
    """
    try:
        _ = platform.around
    except RunbookError:
        return False
    return True


def _facts(finding: Finding) -> dict[str, str | int]:
    place = finding.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": finding.message,
        "hint": finding.hint,
    }
