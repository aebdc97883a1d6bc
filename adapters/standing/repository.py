"""The encrypted file as git has it: what main holds, what it held before, and what waits on branches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.shared import trailers
from adapters.shared.checkout import Checkout, GitSettings, open_checkout
from adapters.sops import SopsLocation, SopsSettings
from adapters.sops.document import Leaf, parse
from adapters.sops.program import Sops, open_sops
from adapters.sops.replacement import equal
from adapters.sops.values import held_value
from adapters.standing.sighting import Fingerprint, Sighting, moment, unseen
from engine.errors import Refused, RunbookError
from engine.standing import Place, Standing

LOOKER = "look"
"""What a look calls itself where a run would give its id; it makes no branch."""
DEEPEST = 200
"""Commits to the file that are searched for the one that brought the value."""


@dataclass(frozen=True)
class Repository:
    """One value of one repository, as of one moment."""

    checkout: Checkout
    sops: Sops
    at: SopsLocation

    def value(self, commit: str) -> SecretStr | None:
        """Return what a commit holds; None if file or path are missing there."""
        return held_value(self.sops, self.checkout, commit, self.at)

    def leaf(self, commit: str) -> Leaf | None:
        """Return the ciphertext of a commit; None if there is none, or the file is no sops file."""
        raw = self.checkout.content(commit, self.at.file)
        try:
            return None if raw is None else parse(raw, self.at.file).leaf(self.at.path)
        except Refused:
            return None

    def branches(self) -> tuple[tuple[str, str], ...]:
        """Return name and commit of every branch of a run."""
        shape = "--format=%(refname:lstrip=3) %(objectname)"
        listed = self.checkout.git.local("for-each-ref", shape, "refs/remotes/origin").decode()
        pairs = (line.split(" ") for line in listed.splitlines())
        prefix, main = self.checkout.settings.pending_prefix, self.checkout.settings.branch
        return tuple((n, commit) for n, commit in pairs if n.startswith(prefix) and n != main)


@dataclass(frozen=True)
class Pending:
    """A branch that changes the value."""

    name: str
    commit: str
    value: SecretStr | None
    """None if it cannot be read."""
    error: RunbookError | None = None


@contextmanager
def open_repository(sops: SopsSettings, git: GitSettings, at: SopsLocation) -> Iterator[Repository]:
    """Yield main and every branch of a run as of now; raise as `open_checkout` and `open_sops` do."""
    stem = git.pending_prefix.rstrip("/")
    if not stem:
        raise Refused(
            "git.pending_prefix is empty, so branches of runs cannot be told from others",
            hint="Set it, e.g. to rotate/.",
        )
    opened = open_sops(sops)
    with open_checkout(git, LOOKER, pending_branch=stem) as checkout:
        yield Repository(checkout, opened, at)


def look(sops: SopsSettings, git: GitSettings, at: SopsLocation, name: Fingerprint) -> Sighting:
    """Return the standings of main and of every branch of a run that changes the value."""
    try:
        with open_repository(sops, git, at) as repository:
            return _seen(repository, name)
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        failed = error
    names = {Place.MAIN: git.branch, Place.PENDING: f"{git.pending_prefix}*"}
    return Sighting(tuple(unseen(place, f"SOPS {n}", failed) for place, n in names.items()))


def pending(repository: Repository) -> Iterator[Pending]:
    """Yield every branch of a run that changes the value, readable or not."""
    for name, commit in repository.branches():
        base = _base(repository, commit)
        if repository.leaf(commit) == repository.leaf(base):
            continue
        try:
            value = repository.value(commit)
            was = repository.value(base)
        except RunbookError as error:
            yield Pending(name, commit, None, error)
        else:
            if not equal(value, was):
                yield Pending(name, commit, value)


def _seen(repository: Repository, name: Fingerprint) -> Sighting:
    main, values = _main(repository, name)
    standings = [main]
    for each in pending(repository):
        title, commit = f"SOPS {each.name}", f"commit {each.commit[:12]}"
        if each.error is not None:
            standings.append(unseen(Place.PENDING, title, each.error))
        elif each.value is None:
            gone = f"{each.commit[:12]} takes the value away"
            standings.append(Standing(Place.PENDING, title, unknown=gone))
        else:
            known_as, key = name(each.value), _trailer(repository, each.commit, trailers.KEY)
            values[known_as] = each.value
            since = _moment(repository, each.commit)
            standings.append(
                Standing(Place.PENDING, title, known_as, since=since, mark=key, note=commit)
            )
    return Sighting(tuple(standings), values)


def _main(repository: Repository, name: Fingerprint) -> tuple[Standing, dict[str, SecretStr]]:
    head = repository.checkout.main
    title = f"SOPS {repository.checkout.settings.branch}"
    value = repository.value(head)
    if value is None:
        nothing = f"{head[:12]} holds nothing at {repository.at}"
        return Standing(Place.MAIN, title, unknown=nothing), {}
    values = {name(value): value}
    origin, before, fault = _origin(repository, value)
    if before is not None:
        values[name(before)] = before
    told = Standing(
        Place.MAIN,
        title,
        name(value),
        before=name(before) if before is not None else "",
        since=_moment(repository, origin) if origin else "",
        mark=_trailer(repository, origin, trailers.KEY) if origin else "",
        note="; ".join(filter(None, (f"commit {(origin or head)[:12]}", fault))),
    )
    return told, values


def _origin(repository: Repository, value: SecretStr) -> tuple[str, SecretStr | None, str]:
    """Return the commit that brought the value to main, what was there before, and what is amiss."""
    checkout, now = repository.checkout, repository.leaf(repository.checkout.main)
    for commit in _history(repository):
        parent = checkout.git.attempt("rev-parse", "--quiet", "--verify", f"{commit}^")
        if parent.exit_code != 0:
            return commit, None, ""
        earlier = parent.stdout.decode().strip()
        leaf = repository.leaf(earlier)
        if leaf == now:
            continue
        try:
            before = repository.value(earlier)
        except RunbookError as error:
            return commit, None, f"what it held before cannot be read: {error.message}"
        if not equal(before, value):
            return commit, before, ""
        now = leaf
    return "", None, f"it is older than {DEEPEST} commits to the file"


def _history(repository: Repository) -> list[str]:
    git, main = repository.checkout.git, repository.checkout.main
    deep = f"--max-count={DEEPEST}"
    listed = git.local("rev-list", "--first-parent", deep, main, "--", repository.at.file)
    return listed.decode().split()


def _base(repository: Repository, commit: str) -> str:
    """Return where a branch left main; main itself where they have nothing in common."""
    main = repository.checkout.main
    ended = repository.checkout.git.attempt("merge-base", main, commit)
    return ended.stdout.decode().strip() if ended.exit_code == 0 else main


def _trailer(repository: Repository, commit: str, name: str) -> str:
    shape = f"--format=%(trailers:key={name},valueonly,separator=%x1f)"
    told = repository.checkout.git.local("log", "-1", shape, commit, "--").decode(errors="replace")
    return trailers.one_line(told)


def _moment(repository: Repository, commit: str) -> str:
    told = repository.checkout.git.local("log", "-1", "--format=%cI", commit, "--")
    return moment(told.decode().strip())
