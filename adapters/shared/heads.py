"""The two branches that a run sees of the remote, main and its own, as of one moment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.shared.remote import REMOTE_SECONDS, Git, GitSettings, shown
from engine.errors import Refused

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_ORIGIN = "refs/remotes/origin/"


@dataclass(frozen=True)
class Heads:
    """The commits that they name."""

    main: str
    pending: str | None
    """None where the run has no branch."""


def is_branch(name: str) -> bool:
    """Tell whether git takes this as the name of a branch below `refs/heads/`.

    The rules are those of git-check-ref-format(1); a process for them would cost 5 ms a look.
    """
    parts = name.split("/")
    return (
        _FORBIDDEN.search(name) is None
        and all(parts)
        and not any(part.startswith(".") or part.endswith(".lock") for part in parts)
        and not name.endswith(".")
    )


def fetch(git: Git, pending_branch: str) -> Heads:
    """Fetch both branches and return what they name.

    Raises `Refused` if there is no main branch, and as `Git.judge` says.
    """
    # one fetch for both branches, so that they are seen as of the same moment; the star lets the
    # second be missing
    wanted = (git.settings.branch, pending_branch + "*")
    refs = [f"+refs/heads/{name}:{_ORIGIN}{name}" for name in wanted]
    ended = git.attempt(
        "fetch", "--quiet", "--no-tags", "--prune", "--filter=blob:none", "origin", *refs,
        seconds=REMOTE_SECONDS,
    )  # fmt: skip
    if ended.exit_code != 0 and "couldn't find remote ref" in ended.stderr:
        raise _no_branch(git.settings)
    if ended.exit_code != 0:
        raise git.judge(ended)
    named = git.local("for-each-ref", "--format=%(refname) %(objectname)", _ORIGIN).decode()
    found = dict(line.split(" ") for line in named.splitlines())
    main = found.get(_ORIGIN + git.settings.branch)
    if main is None:
        raise _no_branch(git.settings)
    return Heads(main, found.get(_ORIGIN + pending_branch))


def _no_branch(settings: GitSettings) -> Refused:
    return Refused(
        f"{shown(settings.remote)} has no branch {settings.branch}",
        hint="Set git.branch to the branch that Flux follows.",
    )
