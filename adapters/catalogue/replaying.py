"""Carrying entries onto a main that has moved, and taking them off it again."""

from __future__ import annotations

from pathlib import Path

from adapters.catalogue.reading import part_of
from adapters.catalogue.text import entries, with_entry, without_entry
from adapters.shared.checkout import Change, GitSettings, Replay
from engine.errors import Refused
from engine.findings import Invalid, refusal
from engine.merging import merged


def replay(settings: GitSettings, others: Replay) -> Replay:
    """Return what `git.publish` needs: entries of the catalogue are carried here, the rest by `others`.

    Entries are carried one by one, so that what others wrote stays. One that somebody changed
    meanwhile is refused, and so is one at the place of another.
    """

    def carry(base: Path, source: Path, target: Path, changes: tuple[Change, ...]) -> None:
        ours = tuple(change for change in changes if change.file == settings.catalogue)
        values = tuple(change for change in changes if change not in ours)
        if values:
            others(base, source, target, values)
        for change in ours:
            _carry_one(base, source, target, change)

    return carry


def _carry_one(base: Path, source: Path, target: Path, change: Change) -> None:
    file, name = change.file, str(change.path[-1])
    before, wanted, now = (
        entries(_text(folder, file), file).get(name) for folder in (base, source, target)
    )
    if now not in (before, wanted):
        raise Refused(
            f"the entry {name} in {file} was changed by someone else meanwhile",
            hint="Find out who changed it and what counts; then decide about this run.",
        )
    if now == wanted:
        return
    text = without_entry(_text(target, file), file, name)
    if wanted is not None:
        text = with_entry(text, file, name, wanted)
    _check(text, file)
    path = target / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _check(text: str, file: str) -> None:
    try:
        merged([part_of(text, file)])
    except Invalid as error:
        wrong = refusal(error)
    else:
        return
    raise wrong


def _text(folder: Path, file: str) -> str:
    path = folder / file
    return path.read_text(encoding="utf-8") if path.exists() else ""
