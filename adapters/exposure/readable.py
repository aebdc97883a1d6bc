"""What a leaver could read of one file, version by version.

Versions of branches that were merged count as those of main do: whoever has main has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.drift.history import History, Origin, Version
from adapters.shared.trailers import KeyPath


@dataclass(frozen=True)
class Readable:
    """The versions of a file, and those of them that a leaver could read."""

    history: History
    own: tuple[Version, ...]
    """Those of main itself, newest first."""
    theirs: tuple[Version, ...]
    """What they could read: main's own before what merges brought along, each newest first."""
    _own: frozenset[str]
    _theirs: frozenset[str]

    @property
    def now(self) -> Version:
        """Return what main holds."""
        return self.own[0] if self.own else Version("", "", {})

    def could_read(self, path: KeyPath, origin: Origin) -> bool:
        """Tell whether they could read the value that main holds at `path`, or may have.

        Where nobody can tell whether the value was another one before, it counts as the same.
        """
        if self._was_in_force(path, origin):
            return True
        mark = self.history.mark_of(self.now, path)
        for version in self.having(path):
            held = self.history.mark_of(version, path)
            if held and held == mark:
                return True
            if not (held and mark) and self._came_with(version, origin):
                return True
        return False

    def _was_in_force(self, path: KeyPath, origin: Origin) -> bool:
        """Tell whether a version of main itself that has the value of now was theirs to read."""
        for version in self.own:
            if version.commit in self._theirs and path in version.leaves:
                return True
            if version.commit == origin.commit and origin.is_exact:
                return False
        return False

    def _came_with(self, version: Version, origin: Origin) -> bool:
        """Tell whether a merge brought a version along with the commit of the value, or later."""
        if version.commit in self._own:
            return False
        return not self.history.checkout.contains(f"{origin.commit}^", version.commit)

    def having(self, path: KeyPath) -> Iterator[Version]:
        """Yield the versions they could read that have a value at `path`."""
        return (version for version in self.theirs if path in version.leaves)

    def gone(self) -> Iterator[KeyPath]:
        """Yield the places that they could read and that main does not have any more."""
        places = {path: None for version in self.theirs for path in version.leaves}
        yield from (path for path in places if path not in self.now.leaves)


def readable_by(history: History, recipients: frozenset[str]) -> Readable:
    """Return what any of `recipients` could read of a file."""
    own = tuple(history.versions())
    theirs = tuple(v for v in (*own, *history.beside(own)) if recipients & v.readers)
    commits = (frozenset(version.commit for version in each) for each in (own, theirs))
    return Readable(history, own, theirs, *commits)
