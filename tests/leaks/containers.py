"""Opening what hides a text: compression, folded lines, database pages."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

GZIP = b"\x1f\x8b\x08"
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x58[\x09\x47\x85\xc3]")
ZIP = b"PK\x03\x04"
SQLITE = b"SQLite format 3\0"
DEPTH = 3
"""Containers within containers that are opened."""
LARGEST = 64 * 1024 * 1024
"""Bytes of one member that are looked at; no log of a test has more."""
CHUNK = 1 << 14
"""Bytes inflated at once; what only looks like a member mostly fails in the first."""

_FOLD = re.compile(rb"(?:\r?\n|\\r\\n|\\n|\\\\n)(?:[ \t>|#*]|\\t)*")


def unfolded(blob: bytes) -> bytes:
    """Return the text with its line breaks, escaped ones too, and indents taken out."""
    return _FOLD.sub(b"", blob)


def members(blob: bytes, depth: int = DEPTH) -> Iterator[tuple[str, bytes]]:
    """Yield what is compressed anywhere in `blob`, with the kind of each, also within each other."""
    if depth == 0:
        return
    for kind, content in _opened(blob):
        yield kind, content
        for inner, deeper in members(content, depth - 1):
            yield f"{kind}, {inner}", deeper


def cells(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each table of an SQLite database as one text of all its cells.

    A cell that is larger than a page does not lie in one piece in the file.
    """
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as base:
        base.text_factory = bytes
        names = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            table = name.decode()
            quoted = table.replace('"', '""')
            with suppress(sqlite3.OperationalError):  # a virtual table of a module we lack
                rows = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 # its own name
                yield table, b"\n".join(_bytes(cell) for row in rows for cell in row)


def is_database(blob: bytes) -> bool:
    """Tell whether these are the first bytes of an SQLite database."""
    return blob.startswith(SQLITE)


def _opened(blob: bytes) -> Iterator[tuple[str, bytes]]:
    view = memoryview(blob)
    for start in _all(blob, GZIP):
        yield from _inflated("gzip", view[start:], 31)
    for match in ZLIB.finditer(blob):
        yield from _inflated("zlib", view[match.start() :], 15)
    if blob.startswith((b"BZh", b"\xfd7zXZ")):
        open_it: Callable[[bytes], bytes] = bz2.decompress if blob[:1] == b"B" else lzma.decompress
        with suppress(OSError, ValueError, EOFError, lzma.LZMAError):
            yield "bz2 or xz", open_it(blob)
    if ZIP in blob:
        with suppress(zipfile.BadZipFile, ValueError, NotImplementedError):
            archive = zipfile.ZipFile(io.BytesIO(blob))
            for name in archive.namelist():
                yield "zip", archive.read(name)


def _inflated(kind: str, blob: memoryview, window: int) -> Iterator[tuple[str, bytes]]:
    """Yield what can be inflated, also of a member that was cut off; nothing if it is none."""
    engine, content = zlib.decompressobj(window), bytearray()
    for start in range(0, len(blob), CHUNK):
        before, chunk = engine.copy(), blob[start : start + CHUNK]
        try:
            content += engine.decompress(chunk)
        except zlib.error:
            content += _up_to_the_fault(before, chunk)
            break
        if engine.eof or len(content) > LARGEST:
            break
    if len(content) > len(GZIP):
        yield kind, bytes(content)


def _up_to_the_fault(engine: zlib._Decompress, chunk: memoryview) -> bytes:
    content = bytearray()
    with suppress(zlib.error):
        for place in range(len(chunk)):
            content += engine.decompress(chunk[place : place + 1])
    return bytes(content)


def _all(blob: bytes, sign: bytes) -> Iterator[int]:
    start = blob.find(sign)
    while start >= 0:
        yield start
        start = blob.find(sign, start + 1)


def _bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()
