"""A fresh look at the repository: cloned into a temporary directory, gone when the look is over.

Nothing of ours lives on a worker's disk. A change that is not on the main branch yet is a commit
on the remote branch `rotate/<run>`; whoever resumes the run finds it there. Files are taken from
and put into git byte by byte, past filters, hooks and line-end rules.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from adapters.shared import command, trailers
from adapters.shared.heads import fetch, is_branch
from adapters.shared.remote import Git, GitSettings
from adapters.shared.trailers import Change, KeyPath
from engine.errors import Refused, Transient

__all__ = [
    "Change",
    "Checkout",
    "GitSettings",
    "KeyPath",
    "Replay",
    "is_descendant",
    "one_look",
    "open_checkout",
]

Replay = Callable[[Path, Path, Path, tuple[Change, ...]], None]
"""`replay(base, source, target, changes)`: carry what `source` changed since `base` to `target`.

Each is a directory that holds the files the changes name. Raises `Refused` if `target` has at one
of the paths neither the value of `base` nor that of `source`.
"""

CONFIGURATION = ".sops.yaml"
"""Put beside and above each file too: it holds the layout (indent) that sops writes files in."""

_Wanted = tuple[GitSettings, str, str | None]
_look: ContextVar[tuple[ExitStack, dict[_Wanted, Checkout]] | None] = ContextVar(
    "look", default=None
)
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MARKS = (trailers.RUN, trailers.KEY)
_UNIT = "\x1f"


@dataclass(frozen=True)
class Checkout:
    """The remote as of one moment."""

    git: Git
    home: Path
    run: str
    pending_branch: str
    main: str
    """Commit the main branch names."""
    pending: str | None
    """Commit the pending branch of this run names, where there is one."""

    @property
    def settings(self) -> GitSettings:
        """The settings it was opened with."""
        return self.git.settings

    def refresh(self) -> Checkout:
        """Return the remote as of now."""
        heads = fetch(self.git, self.pending_branch)
        return replace(self, main=heads.main, pending=heads.pending)

    def place(self, commit: str, files: Sequence[str]) -> Path:
        """Write `files` as of `commit` into a new directory and return it; skip missing ones."""
        folder = Path(tempfile.mkdtemp(dir=self.home))
        wanted = dict.fromkeys([*files, *_configurations(files)])
        entries = self._entries(commit, *wanted)
        for file in wanted:
            if file in entries:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._blob(entries[file]))
        return folder

    def content(self, commit: str, file: str) -> bytes | None:
        """Return one file as of `commit`, None if it is not there; refuse links and directories."""
        entry = self._entries(commit, file).get(file)
        return None if entry is None else self._blob(entry)

    def tree(self, commit: str) -> str:
        """Return the tree of `commit`."""
        return self.git.local("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()

    def tree_with(self, commit: str, folder: Path, files: Sequence[str]) -> str:
        """Return the tree of `commit` with `files` as they are in `folder`."""
        self.git.local("read-tree", commit)
        lines, entries = [], self._entries(commit, *files)
        for file in files:
            raw = (folder / file).read_bytes()
            blob = self.git.local("hash-object", "-w", "--stdin", stdin=raw).decode().strip()
            mode, _ = entries.get(file, ("100644", ""))
            lines.append(f"{mode} {blob}\t{file}\0")
        self.git.local("update-index", "-z", "--index-info", stdin="".join(lines).encode())
        return self.git.local("write-tree").decode().strip()

    def commit(self, tree: str, parent: str, message: str) -> str:
        """Make a commit, here only, and return it."""
        made = self.git.local("commit-tree", tree, "-p", parent, "-F", "-", stdin=message.encode())
        return made.decode().strip()

    def changed_files(self, before: str, after: str) -> frozenset[str]:
        """Name the files that differ between two commits."""
        listed = self.git.local(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after
        )
        return frozenset(filter(None, listed.decode().split("\0")))

    def changes(self, commits: str) -> tuple[Change, ...]:
        """Return what the commits of a range say they changed; refuse one of another run."""
        found: dict[Change, None] = {}
        for commit, run, _, listed in self._log(commits):
            if run != self.run:
                raise Refused(
                    f"commit {commit[:12]} on {self.pending_branch} was not made by this run",
                    hint="Look who pushed it, delete the branch, and store the value again.",
                )
            found.update(dict.fromkeys(Change.parse(text) for text in listed))
        return tuple(found)

    def landed(self, key: str) -> str | None:
        """Return the commit on main that this run made under the idempotency key `key`."""
        wanted = (self.run, trailers.one_line(key))
        greps = [f"--grep={name}: {text}" for name, text in zip(_MARKS, wanted, strict=True)]
        for commit, run, found, _ in self._log(self.main, "-F", "--all-match", *greps):
            if (run, found) == wanted:
                return commit
        return None

    def merge_base(self) -> str:
        """Return the commit of main that the pending branch started from."""
        ended = self.git.attempt("merge-base", self.main, str(self.pending))
        if ended.exit_code != 0:
            raise Refused(
                f"{self.pending_branch} and {self.settings.branch} have no commit in common",
                hint="The history of the remote was rewritten; delete the branch and start again.",
            )
        return ended.stdout.decode().strip()

    def is_on_main(self, commit: str) -> bool:
        """Tell whether main contains `commit`."""
        return self.contains(self.main, commit)

    def contains(self, later: str, earlier: str) -> bool:
        """Tell whether `later` is `earlier` or came after it; False for an unknown commit."""
        return self.git.attempt("merge-base", "--is-ancestor", earlier, later).exit_code == 0

    def drop_pending(self) -> bool:
        """Delete the pending branch if it is still what was seen; return whether it is gone."""
        if self.pending is None:
            return True
        lease = f"--force-with-lease=refs/heads/{self.pending_branch}:{self.pending}"
        return self.git.push("", self.pending_branch, lease)

    def push_pending(self, commit: str, report: Callable[[str], None]) -> None:
        """Let the pending branch be this commit; raise `Transient` if it is not what was seen."""
        report(f"pushing {commit[:12]} to {self.pending_branch}")
        if not self.git.push(commit, self.pending_branch):
            raise self._moved("Another attempt of this run may be alive; look before trying again.")

    def undo_pending(self) -> None:
        """Delete the pending branch; raise `Transient` if it is not what was seen."""
        if not self.drop_pending():
            raise self._moved("Look who works on this run, then try again.")

    def _moved(self, hint: str) -> Transient:
        return Transient(f"{self.pending_branch} was pushed to by someone else just now", hint=hint)

    def rehearse_push(self, branch: str) -> None:
        """Ask the remote whether we may push to `branch`, without doing it; raise if not."""
        self.git.push(self.main, branch, "--dry-run")

    def _entries(self, commit: str, *files: str) -> dict[str, tuple[str, str]]:
        """Return mode and blob of each of these files that is there as of `commit`."""
        listed = self.git.local("ls-tree", "-z", "--full-tree", commit, "--", *files)
        found = {}
        for entry in filter(None, listed.decode().split("\0")):
            what, file = entry.split("\t", 1)
            mode, kind, blob = what.split()
            if kind != "blob" or mode not in {"100644", "100755"}:
                raise Refused(
                    f"{file} is not a regular file in the repository",
                    hint="Name the encrypted file itself, not a directory or a link to it.",
                )
            found[file] = mode, blob
        return found

    def _blob(self, entry: tuple[str, str]) -> bytes:
        return self.git.local("cat-file", "blob", entry[1])

    def _log(self, commits: str, *options: str) -> Iterator[tuple[str, str, str, list[str]]]:
        """Yield commit, run, key and changes of each commit, newest first."""
        fields = "%x00".join(
            f"%(trailers:key={name},valueonly,separator=%x1f)"
            for name in (*_MARKS, trailers.CHANGE)
        )
        raw = self.git.local("log", f"--format=%H%x00{fields}%x1e", *options, commits, "--")
        for record in raw.decode(errors="replace").split("\x1e")[:-1]:
            commit, run, key, listed = record.lstrip("\n").split("\0")
            yield commit, run, key, [text for text in listed.split(_UNIT) if text]


@contextmanager
def one_look() -> Iterator[None]:
    """Let checkouts that are opened in here, alike and for nothing but looking, be the same one.

    What is seen is as of the first of them. Only checks before a run may be content with that.
    """
    with ExitStack() as held:
        token = _look.set((held, {}))
        try:
            yield
        finally:
            _look.reset(token)


@contextmanager
def open_checkout(
    settings: GitSettings, run: str, *, pending_branch: str | None = None
) -> Iterator[Checkout]:
    """Yield the remote as of now, seen by one run; the directory is removed afterwards.

    Raises `Refused` if no remote is set or it does not let us in, `Transient` if it is away.
    """
    look = _look.get()
    if look is None:
        with _opened(settings, run, pending_branch) as checkout:
            yield checkout
        return
    held, seen = look
    wanted = (settings, run, pending_branch)
    if wanted not in seen:
        seen[wanted] = held.enter_context(_opened(*wanted))
    yield seen[wanted]


@contextmanager
def _opened(settings: GitSettings, run: str, pending_branch: str | None) -> Iterator[Checkout]:
    if not settings.remote:
        raise Refused("no git remote is configured", hint="Set git.remote in the settings.")
    if _RUN.fullmatch(run) is None:
        raise Refused(f"the run {trailers.one_line(run)!r} cannot name a branch")
    branch = pending_branch or settings.pending_prefix + run
    if not is_branch(branch):
        raise Refused(f"{trailers.one_line(branch)!r} cannot name a branch")
    with tempfile.TemporaryDirectory(prefix="runbook-") as home:
        git = Git(command.find("git"), settings, Path(home, "git"))
        git.local("init", "--quiet", "--bare", "--template=")
        yield Checkout(git, Path(home), run, branch, main="", pending=None).refresh()


def is_descendant(settings: GitSettings) -> Callable[[str, str], bool]:
    """Return `ask(later, earlier)`: whether main's history holds `later` as, or after, `earlier`.

    Each question looks at the remote anew. A commit that main does not know is no descendant.
    """

    def ask(later: str, earlier: str) -> bool:
        if not all(_COMMIT.fullmatch(commit) for commit in (later, earlier)):
            return False
        with open_checkout(settings, "ancestry") as checkout:
            return checkout.is_on_main(later) and checkout.contains(later, earlier)

    return ask


def _configurations(files: Sequence[str]) -> list[str]:
    folders = [folder for file in files for folder in PurePosixPath(file).parents]
    return [str(folder / CONFIGURATION) for folder in folders]
