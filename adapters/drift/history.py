"""When each value of a file came to be in force, told from the commits of main.

A value is as old as its time on main. So ages follow main's first parents, and what a merge brought is
as old as the merge. Who could read what is another question: all that merges brought along counts.

Ciphertexts are compared, so nothing is decrypted, but for a commit that changed every one of them:
there the data key may have been rotated, which is no new value, and keyed fingerprints decide. One
walk from the newest commit to the oldest serves all values, and ends when the last one is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from pydantic import SecretStr

from adapters.drift.trees import read_tree
from adapters.platform import Platform
from adapters.shared.checkout import Checkout
from adapters.shared.searching import (
    AT_ONCE,
    backfill,
    commits_to,
    contents_of,
    versions_of,
)
from adapters.shared.trailers import Change, KeyPath
from adapters.sops.datakeys import readers_of
from adapters.sops.document import Leaf, parse
from adapters.sops.program import Sops
from adapters.standing.looking import fingerprint_in
from adapters.standing.sighting import moment
from engine.errors import Refused, RunbookError

Mark = Callable[[KeyPath, SecretStr], str]
"""Keyed fingerprint of the value at a path."""

_COMMENT = re.compile(rb"#ENC\[AES256_GCM,[^\]]*,type:comment\]")
"""A comment of a YAML file, which sops encrypts as well."""


@dataclass(frozen=True)
class Origin:
    """The commit that brought a value to main."""

    commit: str
    at: str
    """As the ledger spells time; empty where the commit has no usable time."""
    is_exact: bool = True
    """Whether it is known that the value was another one before."""


@dataclass(frozen=True)
class Version:
    """The file as one commit left it."""

    commit: str
    at: str
    leaves: Mapping[KeyPath, Leaf]
    """Empty where the commit took the file away."""
    readers: frozenset[str] = frozenset()
    """The age recipients who can open it."""
    has_comments: bool = False
    """Whether there are encrypted comments in it."""


@dataclass
class History:
    """All versions of one file on main, and what was found out about them, in memory only."""

    checkout: Checkout
    sops: Sops
    file: str
    mark: Mark
    decrypted: int = 0
    """How many versions had to be decrypted."""
    _marks: dict[str, Mapping[KeyPath, str]] = field(default_factory=dict)
    _known: dict[tuple[KeyPath, Leaf], str] = field(default_factory=dict)

    def origins(self, paths: AbstractSet[KeyPath]) -> dict[KeyPath, Origin]:
        """Return when the value at each of `paths` came; a path main does not have is left out."""
        found: dict[KeyPath, Origin] = {}
        newer: Version | None = None
        waiting: set[KeyPath] = set()
        for version in self.versions():
            if newer is None:
                waiting = set(paths) & version.leaves.keys()
            else:
                found.update(self._came(newer, version, waiting))
                waiting -= found.keys()
            newer = version
            if not waiting:
                break
        if newer is not None:
            found.update({path: Origin(newer.commit, newer.at) for path in waiting})
        return found

    def _came(
        self, newer: Version, older: Version, waiting: AbstractSet[KeyPath]
    ) -> Mapping[KeyPath, Origin]:
        """Return those of `waiting` whose value is another one in `older`, or is not there."""
        differing = {path for path in waiting if newer.leaves[path] != older.leaves.get(path)}
        if not differing or not _is_rekeyed(newer, older):
            return {path: Origin(newer.commit, newer.at) for path in differing}
        now, before = self.marks_of(newer), self.marks_of(older)
        return {
            path: Origin(newer.commit, newer.at, _is_told(older, now, before, path))
            for path in differing
            if path not in now or now[path] != before.get(path)
        }

    def marks_of(self, version: Version) -> Mapping[KeyPath, str]:
        """Return the fingerprints of a version; none where we have no key for it any more."""
        if version.commit not in self._marks:
            marks = self._marks[version.commit] = self._read(version)
            for path, leaf in version.leaves.items():
                self._known.setdefault((path, leaf), marks.get(path, ""))
        return self._marks[version.commit]

    def mark_of(self, version: Version, path: KeyPath) -> str:
        """Return the fingerprint of one value of a version; empty where it cannot be told.

        A ciphertext that was opened once, or could not be, is not tried again.
        """
        wanted = path, version.leaves[path]
        if wanted not in self._known:
            self.marks_of(version)
        return self._known[wanted]

    def _read(self, version: Version) -> Mapping[KeyPath, str]:
        self.decrypted += 1
        try:
            tree = read_tree(self.sops, self.checkout, version.commit, self.file)
            values = {path: tree.text(path) for path in version.leaves}
        except RunbookError:
            return {}
        return {path: self.mark(path, value) for path, value in values.items() if value}

    def versions(self) -> Iterator[Version]:
        """Yield the versions of main itself, newest first; what is no sops file is passed over."""
        backfill(self.checkout.git, "--first-parent", self.checkout.main, "--", self.file)
        commits = commits_to(self.checkout, self.file, "--first-parent")
        for start in range(0, len(commits), AT_ONCE):
            part = commits[start : start + AT_ONCE]
            contents = contents_of(self.checkout.git, [(commit, self.file) for commit, _ in part])
            for (commit, at), raw in zip(part, contents, strict=True):
                yield from self._version(commit, moment(at), raw)

    def beside(self, own: Iterable[Version]) -> Iterator[Version]:
        """Yield the versions that merges brought along, newest first; `own` are those of main itself."""
        known = {version.commit for version in own}
        for commit, raw in versions_of(self.checkout, self.file):
            if commit not in known:
                yield from self._version(commit, "", raw)

    def _version(self, commit: str, at: str, raw: bytes | None) -> Iterator[Version]:
        if raw is None:
            yield Version(commit, at, {})
            return
        try:
            document = parse(raw, self.file)
        except Refused:
            return
        readers = frozenset(readers_of(document))
        has_comments = _COMMENT.search(raw) is not None
        yield Version(commit, at, document.encrypted(), readers, has_comments)


def open_history(platform: Platform, sops: Sops, checkout: Checkout, file: str) -> History:
    """Return the history of one file on main; nothing is read before it is asked."""

    def mark(path: KeyPath, value: SecretStr) -> str:
        return fingerprint_in(platform, str(Change(file, path)))(value)

    return History(checkout, sops, file, mark)


def _is_rekeyed(newer: Version, older: Version) -> bool:
    """Tell whether every value that both versions have was encrypted anew."""
    common = newer.leaves.keys() & older.leaves.keys()
    return bool(common) and all(newer.leaves[path] != older.leaves[path] for path in common)


def _is_told(
    older: Version, now: Mapping[KeyPath, str], before: Mapping[KeyPath, str], path: KeyPath
) -> bool:
    """Tell whether it is known that a value is another one, and not only encrypted anew."""
    return path not in older.leaves or (path in now and path in before)
