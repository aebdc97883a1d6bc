"""Reading the catalogue: the file beside the runbooks, and the one in git as main has it now.

The remote is asked for the head of its branch each time. Contents are fetched only where that moved
since this process looked last: one commit without history, and of its files this one alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from adapters.catalogue.text import has_content, in_git
from adapters.shared import command
from adapters.shared.checkout import GitSettings
from adapters.shared.files import read_file, shown_path
from adapters.shared.remote import Git, shown
from engine.catalogue import Catalogue
from engine.errors import Refused
from engine.loading import load
from engine.merging import Part, merged

LOOK_SECONDS = 30.0
"""How long the remote has for an answer; a run at its gate waits for it."""

_seen: dict[GitSettings, tuple[str, str]] = {}
"""Commit and text, by where it was read."""


def read_catalogue(shipped: Path, git: GitSettings) -> Catalogue:
    """Return both files as one; the shipped one alone where the settings name none in git.

    Raises `Refused` if a file or the remote is not there, `Transient` if the remote cannot be
    reached, `Invalid` for a wrong file and for what stands in both.
    """
    own = read_shipped(shipped)
    if not git.catalogue:
        return own.catalogue
    return merged([own, part_of(text_in_git(git), git.catalogue)])


def read_shipped(path: Path) -> Part:
    """Return the file beside the runbooks; raise `Refused` if it is not there, `Invalid` if wrong."""
    return Part(*load(read_file(path, "the catalogue"), shown_path(path), Catalogue))


def part_of(text: str, file: str) -> Part:
    """Return what a text of the file in git says; an empty one says nothing. Raises `Invalid`."""
    return Part(*load(text if has_content(text) else "{}", in_git(file), Catalogue))


def text_in_git(settings: GitSettings) -> str:
    """Return the file as main has it; empty where main has none."""
    if not settings.remote:
        raise Refused(
            "`git.catalogue` names a file, and no git remote is configured",
            hint="Set git.remote in the settings.",
        )
    with tempfile.TemporaryDirectory(prefix="runbook-") as home:
        git = Git(command.find("git"), settings, Path(home, "git"))
        git.local("init", "--quiet", "--bare", "--template=")
        git.local("remote", "add", "--", "origin", settings.remote)
        head = _head(git)
        known = _seen.get(settings)
        if known is None or known[0] != head:
            known = _seen[settings] = (head, _fetched(git, head))
        return known[1]


def _head(git: Git) -> str:
    """Return the commit that the main branch names."""
    branch = f"refs/heads/{git.settings.branch}"
    ended = git.attempt("ls-remote", "--quiet", "origin", branch, seconds=LOOK_SECONDS)
    if ended.exit_code != 0:
        raise git.judge(ended)
    head = ended.stdout.decode(errors="replace").split("\t")[0].strip()
    if not head:
        raise Refused(
            f"{shown(git.settings.remote)} has no branch {git.settings.branch}",
            hint="Set git.branch to the branch that Flux follows.",
        )
    return head


def _fetched(git: Git, head: str) -> str:
    branch = f"+refs/heads/{git.settings.branch}:refs/remotes/origin/main"
    ended = git.attempt(
        "fetch", "--quiet", "--no-tags", "--depth=1", "--filter=blob:none", "origin", branch,
        seconds=LOOK_SECONDS,
    )  # fmt: skip
    if ended.exit_code != 0:
        raise git.judge(ended)
    file = git.settings.catalogue
    listed = git.local("ls-tree", "-z", "refs/remotes/origin/main", "--", file).decode()
    if not listed:
        return ""
    mode, kind, blob = listed.split("\t")[0].split()
    if kind != "blob" or mode not in {"100644", "100755"}:
        raise Refused(
            f"{file} is not a regular file in the repository",
            hint="Let git.catalogue name the catalogue itself.",
        )
    return git.local("cat-file", "blob", blob).decode("utf-8", errors="replace")
