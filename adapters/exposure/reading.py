"""Every value that a person could read with any of their keys, and that is still in force, from the history of main.

A file's version says whom it was encrypted to. A value is exposed where some version that had it,
from the commit that brought it in on, was encrypted to them. Nothing is said of what main held and
replaced before they left: those values are rotated already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from adapters.drift.history import History, Origin, Version, open_history
from adapters.platform import Platform
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.searching import turns_of
from adapters.shared.trailers import Change, KeyPath
from adapters.sops.location import SUFFIXES
from adapters.sops.program import open_sops
from engine.errors import Refused
from engine.exposure import Exposed
from engine.runbook import Runbook

LOOKER = "exposure"


def exposed_to(platform: Platform, recipients: Collection[str]) -> tuple[Exposed, ...]:
    """Return what any of `recipients` could read, file by file; raise `Refused` or `Transient`.

    What main has no more comes without a fingerprint: only a person can say whether it is still
    accepted somewhere.
    """
    sops = open_sops(platform.settings.sops)
    known = _known(platform)
    found: list[Exposed] = []
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        files = {file for each in recipients for file in turns_of(checkout, each)}
        for file in sorted(files):
            if file.endswith(SUFFIXES):
                history = open_history(platform, sops, checkout, file)
                found += _in_file(history, frozenset(recipients), known)
    return tuple(found)


def marks_of(platform: Platform, places: tuple[str, ...]) -> dict[str, str]:
    """Return the fingerprint of what main holds now at each place that has a value."""
    wanted = [Change.parse(place) for place in places]
    sops = open_sops(platform.settings.sops)
    found: dict[str, str] = {}
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        for file in dict.fromkeys(change.file for change in wanted):
            found |= _marks_in(open_history(platform, sops, checkout, file), checkout)
    return {place: found[place] for place in places if place in found}


def _marks_in(history: History, checkout: Checkout) -> Mapping[str, str]:
    newest = next(history.versions(), None)
    if newest is None or checkout.content(checkout.main, history.file) is None:
        return {}
    marks = history.marks_of(newest)
    if newest.leaves and not marks:  # else every value would be taken for replaced
        raise Refused(
            f"{history.file} of main cannot be opened, so nobody can say what it holds",
            hint="`runbook doctor` says whether sops and its key are right.",
        )
    return {str(Change(history.file, path)): mark for path, mark in marks.items()}


def _in_file(
    history: History, theirs: frozenset[str], known: Mapping[str, tuple[str, str]]
) -> Iterator[Exposed]:
    versions = [*history.versions()]
    if not any(theirs & version.readers for version in versions):
        return
    now = versions[0]
    origins = history.origins(set(now.leaves))
    marks = history.marks_of(now) if now.leaves else {}
    for path, origin in origins.items():
        if _was_readable(versions, path, origin, theirs):
            place = str(Change(history.file, path))
            secret, runbook = known.get(place, ("", ""))
            yield Exposed(
                place=place,
                secret=secret,
                runbook=runbook,
                since=origin.commit,
                mark=marks.get(path, ""),
            )
    for place in _gone(history, versions, theirs):
        secret, _ = known.get(place, ("", ""))
        yield Exposed(place=place, secret=secret)


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
