"""Looking for values in clear, in the spellings they travel in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from tests.crash.sight import files_below, git
from tests.crash.voyage import Voyage
from tests.leaks.marker import key_lines

START = 8
"""Bytes of a spelling that are looked for first, where there are many."""


def leaks(voyage: Voyage, values: Iterable[str]) -> Iterator[str]:
    """Yield the places that hold one of `values`: what lies on disk of ledger, git, logs, scratch."""
    needles = [needle for value in values for needle in spellings(value)]
    world = voyage.world.layout.root
    folders = (world / "remote.git", voyage.scratch)
    single = [world / "access.log", voyage.folder / "log", voyage.trace]
    # to close a file that SQLite has open in this process would drop the locks it holds on it
    voyage.platform.journal.close()
    ledger = sorted(voyage.state_folder.glob("ledger.db*"))
    for path in (*files_below(*folders), *single, *ledger):
        if path.is_file() and holds(path.read_bytes(), needles):
            yield path.name
    objects = git(voyage.world, "cat-file", "--batch", "--batch-all-objects")  # what zlib hides
    if holds(objects, needles):
        yield "a git object"


def told_by(files: Iterable[Path], values: Iterable[str]) -> Iterator[Path]:
    """Yield the files that hold one of many values, looked for by the start of each spelling."""
    needles = {needle for value in values for needle in spellings(value)}
    starts = {needle[:START] for needle in needles}
    every = tuple(needles)
    for path in files:
        text = path.read_bytes() if path.is_file() else b""
        places = (n for n in range(len(text)) if text[n : n + START] in starts)
        if any(text.startswith(every, place) for place in places):
            yield path


def holds(text: bytes, needles: Iterable[bytes]) -> bool:
    """Tell whether one of the needles is in there."""
    return any(needle in text for needle in needles)


def spellings(value: str) -> set[bytes]:
    """Return the forms in which a value may stand in a text; long enough not to be met by chance."""
    raw = value.encode()
    forms = {raw, quote(value, safe="").encode(), json.dumps(value)[1:-1].encode()}
    forms |= {raw.hex().encode(), raw.hex().upper().encode(), raw[::-1]}
    for shift in range(3):
        whole = b"\0" * shift + raw
        whole = whole[: len(whole) // 3 * 3]
        start = 4 if shift else 0
        forms.add(base64.b64encode(whole)[start:])
        forms.add(base64.urlsafe_b64encode(whole)[start:])
    forms |= {line.encode() for line in key_lines(value)}
    return {form for form in forms if len(form) >= 8}
