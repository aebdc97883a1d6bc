"""Every value that a person could read with any of their keys, and that may still be in force, from the history of main.

A file's version says whom it was encrypted to. A value is exposed where some version that had it,
from the commit that brought it in on, was encrypted to them. Nothing is said of what main held and
replaced since, unless main holds it again, or the rotation that replaced it did not come to its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from adapters.drift.history import History, open_history
from adapters.exposure.readable import readable_by
from adapters.exposure.standing import LOOKER
from adapters.platform import Platform
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.searching import contents_of, turns_of, versions_of
from adapters.shared.trailers import Change
from adapters.sops.location import SUFFIXES
from adapters.sops.past import in_form, is_encrypted
from adapters.sops.program import open_sops
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
    accepted somewhere. So do a file in a form that is not handled, as a whole, and all encrypted
    comments of a file, since what is in either cannot be told. Of secrets that are
    `unfinished` the value before is among them, though main holds another one.
    """
    sops = open_sops(platform.settings.sops)
    leaver = _Leaver(frozenset(recipients), _known(platform), unfinished)
    found: list[Exposed] = []
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        files = {file for each in recipients for file in turns_of(checkout, each)}
        for file in sorted(files):
            if file.endswith(SUFFIXES):
                found += _in_file(open_history(platform, sops, checkout, file), leaver)
            found += _as_a_whole(checkout, file, leaver)
    return tuple(found)


def _in_file(history: History, leaver: _Leaver) -> Iterator[Exposed]:
    readable = readable_by(history, leaver.recipients)
    if not readable.theirs:
        return
    now = readable.now
    for path, origin in history.origins(set(now.leaves)).items():
        place = str(Change(history.file, path))
        if readable.could_read(path, origin):
            yield leaver.of(place, origin.commit, history.mark_of(now, path))
        elif leaver.known.get(place, ("",))[0] in leaver.unfinished:
            last = next(readable.having(path), None)
            if last is not None:
                yield leaver.of(place, "", history.mark_of(last, path))
    for path in readable.gone():
        place = str(Change(history.file, path))
        secret, _ = leaver.known.get(place, ("", ""))
        yield Exposed(place=place, secret=secret)
    if any(version.has_comments for version in readable.theirs):
        since = now.commit if now.has_comments else ""
        yield Exposed(place=f"{history.file}#comments", since=since)


def _as_a_whole(checkout: Checkout, file: str, leaver: _Leaver) -> Iterator[Exposed]:
    """Yield a file, if they could ever read it in a form whose values cannot be told here."""
    since = ""
    for commit, raw in versions_of(checkout, file):
        if _is_unread(raw, file, leaver.recipients):
            since = commit
    if since:
        is_there = next(contents_of(checkout.git, [(checkout.main, file)])) is not None
        yield Exposed(place=f"{file}#*", since=since if is_there else "")


def _is_unread(raw: bytes, file: str, theirs: frozenset[str]) -> bool:
    is_theirs = any(each.encode() in raw for each in theirs)
    return is_theirs and is_encrypted(raw, file) and in_form(raw, file) is None


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
