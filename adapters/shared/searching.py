"""Looking through all of a repository: files that name something, now or at any time.

A checkout leaves contents out until one is asked for, and git would fetch each by a request of its
own. Here they are fetched at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO

from adapters.shared.checkout import Checkout
from adapters.shared.remote import REMOTE_SECONDS, Git

AT_ONCE = 50
"""Versions of a file that are in memory at the same time."""


def backfill(git: Git, *revisions: str) -> None:
    """Fetch what is left out so far of some revisions, named as `git rev-list` names them."""
    listed = git.local("rev-list", "--objects", "--missing=print", *revisions).decode()
    missing = "".join(f"{line[1:]}\n" for line in listed.splitlines() if line.startswith("?"))
    if not missing:
        return
    ended = git.attempt(
        "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags",
        "--no-write-fetch-head", "--filter=blob:none", "--stdin", "origin",
        stdin=missing.encode(), seconds=REMOTE_SECONDS,
    )  # fmt: skip
    if ended.exit_code != 0:
        raise git.judge(ended)


def contents_of(git: Git, places: Sequence[tuple[str, str]]) -> Iterator[bytes | None]:
    """Yield the content of each file as of a commit, in order; None where it is not there."""
    asked = "".join(f"{commit}:{file}\n" for commit, file in places).encode()
    told = BytesIO(git.local("cat-file", "--batch", stdin=asked))
    for _ in places:
        head = told.readline().split()
        if head[-1] == b"missing":
            yield None
        else:
            yield told.read(int(head[-1]))
            told.readline()


def files_at(checkout: Checkout, commit: str) -> tuple[str, ...]:
    """Name every file of a commit."""
    listed = checkout.git.local("ls-tree", "-r", "-z", "--name-only", commit)
    return tuple(filter(None, listed.decode().split("\0")))


def files_naming(checkout: Checkout, commit: str, text: str) -> tuple[str, ...]:
    """Name the files of a commit that hold `text`."""
    backfill(checkout.git, "--no-walk", commit)
    ended = checkout.git.attempt("grep", "-l", "-z", "-F", "-e", text, commit, "--")
    if ended.exit_code not in (0, 1):
        raise checkout.git.judge(ended)
    names = ended.stdout.decode().split("\0")
    return tuple(name.removeprefix(f"{commit}:") for name in names if name)


def turns_of(checkout: Checkout, text: str) -> Mapping[str, tuple[str, ...]]:
    """Return where `text` came or went in all that main holds: file to commits, newest first.

    What came by a merge has commits of its own on the branch that was merged; they count too.
    """
    backfill(checkout.git, checkout.main)
    raw = checkout.git.local(
        "log", "-m", "--no-renames", f"-S{text}", "-z", "--name-only",
        "--format=%x01%H", checkout.main, "--",
    ).decode()  # fmt: skip
    found: dict[str, dict[str, None]] = {}
    for part in raw.split("\x01")[1:]:
        commit, *names = (word.strip("\n") for word in part.split("\0"))
        for name in filter(None, names):
            found.setdefault(name, {})[commit] = None  # a merge is told once for each parent
    return {name: tuple(commits) for name, commits in found.items()}


def versions_of(checkout: Checkout, file: str) -> Iterator[tuple[str, bytes]]:
    """Yield commit and content of each version of a file that anybody with main has, newest first.

    Versions of branches that were merged are among them: what main never held it brought along.
    """
    backfill(checkout.git, "--full-history", checkout.main, "--", file)
    commits = [commit for commit, _ in commits_to(checkout, file, "--full-history")]
    for start in range(0, len(commits), AT_ONCE):
        part = commits[start : start + AT_ONCE]
        contents = contents_of(checkout.git, [(commit, file) for commit in part])
        yield from ((commit, raw) for commit, raw in zip(part, contents, strict=True) if raw)


def commits_to(checkout: Checkout, file: str, which: str) -> list[tuple[str, str]]:
    """Return the commits of main that changed a file, with their times, newest first.

    `which` is an option of `git log`: `--first-parent` for main as it went along by itself,
    `--full-history` for all that was merged into it too.
    """
    listed = checkout.git.local("log", which, "--format=%H %cI", checkout.main, "--", file)
    pairs = (line.split(" ") for line in listed.decode().splitlines())
    return [(commit, at) for commit, at in pairs]


def waiting_with(checkout: Checkout, text: str) -> dict[str, dict[str, bytes]]:
    """Return what waits on branches beside main and holds `text`: branch to files, as they are there.

    A file waits where the branch has changed it. One that is as main had it when the branch was cut
    would not come to main with it.
    """
    found: dict[str, dict[str, bytes]] = {}
    for branch, commit in _branches(checkout).items():
        if named := files_naming(checkout, commit, text):
            changed = _changed_on(checkout, commit)
            files = [file for file in named if changed is None or file in changed]
            contents = contents_of(checkout.git, [(commit, file) for file in files])
            found[branch] = {f: raw for f, raw in zip(files, contents, strict=True) if raw}
    return {branch: files for branch, files in found.items() if files}


def _changed_on(checkout: Checkout, commit: str) -> frozenset[str] | None:
    """Name the files that a branch has changed since it was cut from main; None for all of them."""
    ended = checkout.git.attempt("merge-base", "--all", checkout.main, commit)
    bases = ended.stdout.decode().split()
    if not bases:
        return None
    return frozenset[str]().union(*(checkout.changed_files(base, commit) for base in bases))


def _branches(checkout: Checkout) -> dict[str, str]:
    """Return the newest commit of each branch of the remote beside main."""
    git = checkout.git
    ended = git.attempt(
        "fetch", "--quiet", "--no-tags", "--prune", "--filter=blob:none", "origin",
        "+refs/heads/*:refs/remotes/all/*", seconds=REMOTE_SECONDS,
    )  # fmt: skip
    if ended.exit_code != 0:
        raise git.judge(ended)
    listed = git.local(
        "for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/remotes/all"
    )
    heads = dict(line.split(" ") for line in listed.decode().splitlines())
    return {name: commit for name, commit in heads.items() if name != checkout.settings.branch}
