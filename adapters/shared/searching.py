"""Looking through all of a repository: files that name something, now or at any time.

A checkout leaves contents out until one is asked for, and git would fetch each by a request of its
own. Here they are fetched at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO

from adapters.shared.checkout import Checkout
from adapters.shared.remote import REMOTE_SECONDS, Git


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
    """Return where `text` came or went on main: file to the commits that did it, newest first."""
    backfill(checkout.git, "--first-parent", checkout.main)
    raw = checkout.git.local(
        "log", "--first-parent", "-m", "--no-renames", f"-S{text}", "-z", "--name-only",
        "--format=%x01%H", checkout.main, "--",
    ).decode()  # fmt: skip
    found: dict[str, list[str]] = {}
    for part in raw.split("\x01")[1:]:
        commit, *names = (word.strip("\n") for word in part.split("\0"))
        for name in filter(None, names):
            found.setdefault(name, []).append(commit)
    return {name: tuple(commits) for name, commits in found.items()}


def branches_naming(checkout: Checkout, text: str) -> tuple[str, ...]:
    """Name the branches of the remote beside main whose newest files hold `text`."""
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
    return tuple(
        name
        for name, commit in heads.items()
        if name != checkout.settings.branch and files_naming(checkout, commit, text)
    )
