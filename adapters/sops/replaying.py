"""Carrying values from one version of a file to another, past what others changed meanwhile."""

from __future__ import annotations

from pathlib import Path

from adapters.shared.checkout import Change, Replay
from adapters.sops.document import Document, parse
from adapters.sops.program import Sops, SopsSettings, open_sops
from adapters.sops.replacement import equal, read_value, remove_value, replace_value
from adapters.sops.rules import refuse_clear
from engine.errors import Refused


def replay(settings: SopsSettings) -> Replay:
    """Return what `git.steps` needs to bring pending values to a main that has moved.

    Whole files are never merged: any two changes of a file differ in its MAC. Each value is set
    anew instead, so that what others wrote stays.
    """

    def carry(base: Path, source: Path, target: Path, changes: tuple[Change, ...]) -> None:
        sops = open_sops(settings)
        for change in changes:
            _carry_one(sops, base, source, target, change)

    return carry


def _carry_one(sops: Sops, base: Path, source: Path, target: Path, change: Change) -> None:
    if not (target / change.file).exists():
        raise Refused(
            f"{change.file} is no longer in the repository",
            hint="Correct the catalogue and start again, or restore the file.",
        )
    _refuse_foreign(sops, base, source, target, change)
    wanted = _document(source, change)
    leaf = wanted.leaf(change.path) if wanted else None
    if leaf is None:
        if _leaf_exists(target, change):
            remove_value(sops, target / change.file, change.path)
        return
    text = read_value(sops, source / change.file, change.path)
    if text is not None:
        if leaf.type:
            refuse_clear(sops, target / change.file, change.path)
        kind = leaf.type or ("null" if leaf.raw is None else "str")
        replace_value(sops, target / change.file, change.path, text, kind)


def _refuse_foreign(sops: Sops, base: Path, source: Path, target: Path, change: Change) -> None:
    """Raise `Refused` if the target holds neither the old nor the new value."""
    old, now = _document(base, change), _document(target, change)
    old_leaf, now_leaf = (
        document.leaf(change.path) if document else None for document in (old, now)
    )
    if old_leaf == now_leaf:
        return
    held = read_value(sops, target / change.file, change.path)
    known = (
        read_value(sops, folder / change.file, change.path)
        for folder in (base, source)
        if (folder / change.file).exists()
    )
    if not any(equal(held, value) for value in known):
        raise Refused(
            f"{change} was changed by someone else meanwhile: it holds neither the old value nor "
            "the new one",
            hint="Find out who changed it and which value counts; then start the rotation again.",
        )


def _leaf_exists(folder: Path, change: Change) -> bool:
    document = _document(folder, change)
    return document is not None and document.leaf(change.path) is not None


def _document(folder: Path, change: Change) -> Document | None:
    file = folder / change.file
    return parse(file.read_bytes(), change.file) if file.exists() else None
