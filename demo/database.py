"""Prefect's database, made once and copied: its migrations take longer than all else at a start."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

NAME = "prefect.db"
"""How Prefect calls its database below its home."""


def give_database(home: Path, cache: Path) -> None:
    """Put a migrated, empty database into a new home, if one was kept."""
    with suppress(OSError):
        shutil.copyfile(_kept(cache), home / NAME)


def keep_database(home: Path, cache: Path) -> None:
    """Keep the database of a server that has just come up, if none is kept yet.

    It is copied through SQLite, which may be writing, and appears whole or not at all.
    """
    kept = _kept(cache)
    if kept.exists():
        return
    with suppress(OSError, sqlite3.Error):
        cache.mkdir(exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        with (
            closing(sqlite3.connect(f"file:{home / NAME}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(draft)) as copy,
        ):
            source.backup(copy)
        draft.replace(kept)


def _kept(cache: Path) -> Path:
    return cache / f"prefect-{version('prefect')}.db"
