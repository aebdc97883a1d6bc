"""Where markers stand: in bytes, files and folders, in any spelling and any container.

For people too: `python -m tests.leaks.scanner FOLDER... < values`, one value a line; it prints where
they stand and never what they are, and ends with 1 if it found any, 2 if it could not look.

How it can be fast: every form of a marker is at least 15 bytes long, so one of any two
neighbouring aligned strides of eight bytes lies whole in it wherever it stands. A set holds the
first eight strides of each form; only a text that has one of them is looked at again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.leaks.containers import cells, is_database, members, unfolded
from tests.leaks.marker import SHORTEST, Marker
from tests.leaks.spelling import SHORTEST_FORM, digests, spellings

STRIDE = 8


@dataclass(frozen=True)
class Find:
    """One place where a marker stands; tells its name and spelling, never the value."""

    where: str
    marker: str
    spelling: str

    def __str__(self) -> str:
        return f"{self.where}: {self.marker} ({self.spelling})"


class Scanner:
    """Knows every form of every marker; learning them takes longer than a search."""

    def __init__(self, markers: Iterable[Marker], *, with_digests: bool = True) -> None:
        self._forms: dict[bytes, tuple[str, str]] = {}
        self._strides: dict[int, list[bytes]] = {}
        for marker in markers:
            self._learn(marker.name, spellings(marker.value))
            if with_digests:
                told = {form: f"digest: {name}" for form, name in digests(marker.value).items()}
                self._learn(marker.name, told)

    def _learn(self, name: str, forms: dict[bytes, str]) -> None:
        for form, way in forms.items():
            assert len(form) >= SHORTEST_FORM, "a form that the strides could step over"
            if form in self._forms:
                continue
            self._forms[form] = (name, way)
            for start in range(STRIDE):
                stride = int.from_bytes(form[start : start + STRIDE], sys.byteorder)
                self._strides.setdefault(stride, []).append(form)

    def in_bytes(self, blob: bytes, where: str) -> list[Find]:
        """Return each marker in `blob`: as it is, over folded lines, and in what it holds."""
        finds = list(self._plain(blob, where))
        if b"\n" in blob or b"\\n" in blob:
            finds += self._plain(unfolded(blob), where)
        for kind, content in members(blob):
            finds += self._plain(content, f"{where} ({kind})")
            finds += self._plain(unfolded(content), f"{where} ({kind})")
        return list(dict.fromkeys(finds))

    def in_file(self, path: Path, where: str = "") -> list[Find]:
        """Return each marker in a file, of a database in its cells and its pages; and in its name."""
        where = where or str(path)
        blob = path.read_bytes()
        finds = self.in_bytes(os.fsencode(path.name), f"the name of {where}")
        finds += self.in_bytes(blob, where)
        if is_database(blob):
            for table, text in cells(path):
                finds += self.in_bytes(text, f"{where}, table {table}")
        return list(dict.fromkeys(finds))

    def in_folder(self, folder: Path, *, besides: Iterable[Path] = ()) -> list[Find]:
        """Return each marker in the files below `folder`, but not below one of `besides`."""
        return [
            find
            for path in files_below(folder, besides)
            for find in self.in_file(path, str(path.relative_to(folder.parent)))
        ]

    def _plain(self, blob: bytes, where: str) -> Iterator[Find]:
        padded = blob + b"\0" * (-len(blob) % STRIDE)
        with memoryview(padded).cast("Q") as strides:
            if self._strides.keys().isdisjoint(strides):
                return
            met = self._strides.keys() & set(strides)
        for form in {form for stride in met for form in self._strides[stride]}:
            if form in blob:
                name, way = self._forms[form]
                yield Find(where, name, way)


def files_below(folder: Path, besides: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the regular files below `folder`; links are not followed, pipes not opened."""
    left_out = tuple(besides)
    for path in sorted(folder.rglob("*")):
        is_ours = not any(path.is_relative_to(each) for each in left_out)
        if is_ours and path.is_file() and not path.is_symlink():
            yield path


def main() -> int:
    """Search the named folders for the values on standard input."""
    values = {n: line for n, line in enumerate(sys.stdin.read().splitlines(), 1) if line}
    markers = [Marker(f"line {n}", text) for n, text in values.items() if len(text) >= SHORTEST]
    files = [path for name in sys.argv[1:] for path in files_below(Path(name))]
    if not markers or not files:
        sys.stderr.write("there is nothing to look for, or no file to look into\n")
        return 2
    scanner = Scanner(markers)
    finds = [find for path in files for find in scanner.in_file(path)]
    for find in finds:
        print(find)  # noqa: T201 - a program for people
    sys.stderr.write(
        f"{len(finds)} places in {len(files)} files hold one of {len(markers)} values; "
        f"{len(values) - len(markers)} shorter than {SHORTEST} characters were not looked for\n"
    )
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
