"""Every value that a person could read with any of their keys, and that may still be in force, from the history of main.

A file's version says whom it was encrypted to. A value is exposed where some version that had it,
from the commit that brought it in on, was encrypted to them. Nothing is said of what main held and
replaced since, unless main holds it again, or the rotation that replaced it did not come to its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from adapters.drift.history import History, Origin, Version, open_history
from adapters.exposure.standing import LOOKER
from adapters.platform import Platform
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.searching import contents_of, turns_of
from adapters.shared.trailers import Change, KeyPath
from adapters.sops.document import parse
from adapters.sops.location import SUFFIXES
from adapters.sops.past import ARMOUR, MARK
from adapters.sops.program import open_sops
from engine.errors import Refused
from engine.exposure import Exposed
from engine.runbook import Runbook


@dataclass(frozen=True)
class _Leaver:
    """Who could read, and what is known of the secrets."""

    recipients: frozenset[str]
    known: Mapping[str, tuple[str, str]]
    """Name and runbook of each secret, by its place."""
    unfinished: Collection[str]
    """Secrets whose newest run has not completed."""

    def of(self, place: str, since: str = "", mark: str = "") -> Exposed:
        """Return a value that they could read."""
        secret, runbook = self.known.get(place, ("", ""))
        return Exposed(place=place, secret=secret, runbook=runbook, since=since, mark=mark)


def exposed_to(
    platform: Platform, recipients: Collection[str], unfinished: Collection[str] = ()
) -> tuple[Exposed, ...]:
    """Return what any of `recipients` could read, file by file; raise `Refused` or `Transient`.

    What main has no more comes without a fingerprint: only a person can say whether it is still
    accepted somewhere. So does a file in a form that is not handled, as a whole. Of secrets that are
    `unfinished` the value before is among them, though main holds another one.
    """
    sops = open_sops(platform.settings.sops)
    leaver = _Leaver(frozenset(recipients), _known(platform), unfinished)
    found: list[Exposed] = []
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        turns: dict[str, list[str]] = {}
        for each in recipients:
            for file, commits in turns_of(checkout, each).items():
                turns.setdefault(file, []).extend(commits)
        for file in sorted(turns):
            if file.endswith(SUFFIXES):
                found += _in_file(open_history(platform, sops, checkout, file), leaver)
            found += _as_a_whole(checkout, file, turns[file], leaver)
    return tuple(found)


def _in_file(history: History, leaver: _Leaver) -> Iterator[Exposed]:
    versions = [*history.versions()]
    theirs = leaver.recipients
    if not any(theirs & version.readers for version in versions):
        return
    now = versions[0]
    origins = history.origins(set(now.leaves))
    marks = history.marks_of(now) if now.leaves else {}
    for path, origin in origins.items():
        place = str(Change(history.file, path))
        if _was_readable(versions, path, origin, theirs):
            yield leaver.of(place, origin.commit, marks.get(path, ""))
        elif last := _last_readable(versions, path, theirs):
            mark = history.marks_of(last).get(path, "")
            if mark and mark == marks.get(path):
                yield leaver.of(place, origin.commit, mark)
            elif leaver.known.get(place, ("",))[0] in leaver.unfinished:
                yield leaver.of(place, "", mark)
    for place in _gone(history, versions, theirs):
        secret, _ = leaver.known.get(place, ("", ""))
        yield Exposed(place=place, secret=secret)


def _as_a_whole(
    checkout: Checkout, file: str, turns: list[str], leaver: _Leaver
) -> Iterator[Exposed]:
    """Yield a file, if they could ever read it in a form whose values cannot be told here."""
    commits = [each for turn in turns for each in (turn, f"{turn}^")]
    contents = contents_of(checkout.git, [(commit, file) for commit in commits])
    if any(raw and _is_unread(raw, file, leaver.recipients) for raw in contents):
        is_there = next(contents_of(checkout.git, [(checkout.main, file)])) is not None
        yield Exposed(place=f"{file}#*", since=turns[-1] if is_there else "")


def _is_unread(raw: bytes, file: str, theirs: frozenset[str]) -> bool:
    is_theirs = any(each.encode() in raw for each in theirs)
    if not is_theirs or MARK.encode() not in raw or not ARMOUR.search(raw):
        return False  # a page may speak of a reader
    try:
        parse(raw, file)
    except Refused:
        return True
    return not file.endswith(SUFFIXES)


def _last_readable(
    versions: list[Version], path: KeyPath, theirs: frozenset[str]
) -> Version | None:
    """Return the newest version that they could read and that has a value at `path`."""
    return next((v for v in versions if theirs & v.readers and path in v.leaves), None)


def _was_readable(
    versions: list[Version], path: KeyPath, origin: Origin, theirs: frozenset[str]
) -> bool:
    """Tell whether they were a reader of a version that has the value of now, or may have it.

    Where nobody can tell whether the value was another one before, it counts as the same.
    """
    for version in versions:
        if theirs & version.readers and path in version.leaves:
            return True
        if version.commit == origin.commit and origin.is_exact:
            return False
    return False


def _gone(history: History, versions: list[Version], theirs: frozenset[str]) -> Iterator[str]:
    """Yield the places that they could read and that main does not have any more."""
    readable = (v.leaves for v in versions if theirs & v.readers)
    places = {path: None for leaves in readable for path in leaves}
    yield from (str(Change(history.file, p)) for p in places if p not in versions[0].leaves)


def _known(platform: Platform) -> dict[str, tuple[str, str]]:
    """Return name and runbook of each secret of the catalogue, by its place in SOPS."""
    from adapters.drift.places import settle  # noqa: PLC0415 - it reads the platform's files
    from adapters.standing import all_rotations  # noqa: PLC0415

    found, rotations = {}, all_rotations(platform)
    for name, at in settle(platform).sops.items():
        fit = (each for each in rotations[name] if _takes_a_reason_alone(each))
        found[str(at.change)] = name, next((r.runbook for r in fit), "")
    return found


def _takes_a_reason_alone(runbook: Runbook) -> bool:
    """Tell whether a runbook can be started with a reason and the name of a secret."""
    asked = {name: spec.type for name, spec in runbook.inputs.items() if spec.default is None}
    return all(name == "reason" or kind == "secret" for name, kind in asked.items())
