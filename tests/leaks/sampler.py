"""What processes show while they live: `python -m tests.leaks.sampler OUT TEMP TREE...`.

Looks at argv and environ of every process below one of the process ids of TREE, or that has TEMP
in its environment, and at every file below TEMP, as often as it can, until standard input ends.
Each different thing it sees is written below OUT once. The files of TEMP are there because a
program other than Python may delete them unnoticed.
"""

from __future__ import annotations

import hashlib
import os
import select
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PAUSE = 0.002
"""Seconds between looks; a start of sops or git takes ten times as long."""
YOUNG = 1.0
"""Seconds for which a process is looked at each time: it may become another program."""
LARGEST = 4 * 1024 * 1024


@dataclass
class Sampler:
    """What was seen so far."""

    out: Path
    temp: Path
    trees: frozenset[int]
    born: dict[int, float] = field(default_factory=dict)
    ours: set[int] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)
    files: set[tuple[int, int, int]] = field(default_factory=set)
    looks: int = 0

    def look(self) -> None:
        """Look once at every process and every temporary file."""
        now = time.monotonic()
        self.looks += 1
        present = {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 # fast
        for process in present - self.born.keys():
            self.born[process] = now
        for process in self.born.keys() - present:
            del self.born[process]
            self.ours.discard(process)
        for process in sorted(present):
            if now - self.born[process] < YOUNG or self.looks % 50 == 0:
                self._process(process)
        self._files(self.temp)

    def _process(self, process: int) -> None:
        with suppress(OSError, ValueError, IndexError):
            folder = f"/proc/{process}"
            environ = _read(f"{folder}/environ")
            parent = int(_read(f"{folder}/stat").rpartition(b")")[2].split()[1])
            is_ours = parent in self.ours or parent in self.trees
            if is_ours or str(self.temp).encode() in environ:
                self.ours.add(process)
                self._keep("cmdline", _read(f"{folder}/cmdline"))
                self._keep("environ", environ)

    def _files(self, folder: Path) -> None:
        with suppress(OSError):
            for entry in os.scandir(folder):
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        self._files(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        self._file(entry)

    def _file(self, entry: os.DirEntry[str]) -> None:
        about = entry.stat()
        version = (about.st_ino, about.st_mtime_ns, about.st_size)
        if version not in self.files and about.st_size <= LARGEST:
            self._keep("temp", _read(entry.path))
            self.files.add(version)

    def _keep(self, kind: str, content: bytes) -> None:
        digest = hashlib.blake2b(content, digest_size=16).digest()
        if content and digest not in self.seen:
            self.seen.add(digest)
            (self.out / f"{kind}-{len(self.seen)}").write_bytes(content)


def main() -> None:
    """Look until standard input ends."""
    out, temp, *trees = sys.argv[1:]
    sampler = Sampler(Path(out), Path(temp), frozenset(map(int, trees)))
    sampler.out.mkdir(parents=True, exist_ok=True)
    print("ready", flush=True)  # noqa: T201 - who started it waits for this
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        sampler.look()
    print(sampler.looks)  # noqa: T201 - as above


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 # as fast as can be
        return file.read()


if __name__ == "__main__":
    main()
