"""The bare git repository: seeded, read, and committed to as colleagues do.

Commits are streamed through `git fast-import`, so no work tree ever exists.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Literal

from sandbox.programs import ProgramFailed, run_program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PETRA = "Petra Ops <petra.ops@planapulse.com>"

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Petra Ops",
    "GIT_AUTHOR_EMAIL": "petra.ops@planapulse.com",
    "GIT_COMMITTER_NAME": "Petra Ops",
    "GIT_COMMITTER_EMAIL": "petra.ops@planapulse.com",
}

_HOOKS = {
    "refuse": ("pre-receive", "echo 'the sandbox refuses this push' >&2; exit 1"),
    "lose": ("post-receive", "kill -9 $PPID"),
}


class Remote:
    """The remote that everyone pushes to; `main` is what Flux pulls."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def init(cls, path: Path) -> Remote:
        """Create an empty bare repository at `path`."""
        template = "--template="  # no sample hooks
        run_program(
            ["git", "init", "-q", "--bare", "-b", "main", template, str(path)],
            environment=_ENVIRONMENT,
        )
        remote = cls(path)
        for name in ("gc.auto", "receive.autogc"):  # no background program may outlive the world
            remote._git("config", name, "0")
        return remote

    def head(self, branch: str = "main") -> str:
        """Return the commit that `branch` names; raise `ProgramFailed` if there is none."""
        return self._git("rev-parse", "--verify", f"refs/heads/{branch}").decode().strip()

    def branches(self) -> dict[str, str]:
        """Return every branch with its commit."""
        shape = "--format=%(refname:short) %(objectname)"
        lines = self._git("for-each-ref", shape, "refs/heads").decode().splitlines()
        return {name: commit for name, commit in (line.split() for line in lines)}  # noqa: C416

    def log(self, branch: str = "main") -> list[str]:
        """Return the subjects of the commits of `branch`, newest first."""
        return self._git("log", "--format=%s", f"refs/heads/{branch}").decode().splitlines()

    def file(self, path: str, revision: str = "main") -> bytes | None:
        """Return one file as of `revision`, or nothing when it is not there."""
        try:
            return self._git("cat-file", "blob", f"{revision}:{path}")
        except ProgramFailed:
            return None

    def commit(
        self, files: Mapping[str, bytes], message: str, branch: str = "main", upon: str = ""
    ) -> str:
        """Commit `files` on top of `branch` as Petra Ops and return the new commit.

        `upon` is the commit that `files` were made from. Raises `ProgramFailed` if the branch has
        moved on from it, as a push that is no fast-forward fails.
        """
        words = message.encode()
        who = f"{_PETRA} {int(time.time())} +0000"
        head = f"commit refs/heads/{branch}\nmark :1\ncommitter {who}\ndata {len(words)}\n"
        parts = [head.encode(), words, b"\n"]
        if branch in self.branches():
            parts.append(f"from {upon or f'refs/heads/{branch}^0'}\n".encode())
        for path, content in files.items():
            parts += [f"M 100644 inline {path}\ndata {len(content)}\n".encode(), content, b"\n"]
        parts.append(b"get-mark :1\n")
        return self._git("fast-import", "--quiet", stdin=b"".join(parts)).decode().strip()

    def break_pushes(self, way: Literal["refuse", "lose"] | None) -> None:
        """Let pushes fail from now on, or work again.

        `refuse` declines each push as a server rule would; `lose` takes the push and then hangs
        up, so that the client cannot know what became of it.
        """
        hooks = self.path / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in ("pre-receive", "post-receive"):
            (hooks / name).unlink(missing_ok=True)
        if way is not None:
            name, text = _HOOKS[way]
            (hooks / name).write_text(f"#!/bin/sh\n{text}\n")
            (hooks / name).chmod(0o755)

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return run_program(
            ["git", "--git-dir", str(self.path), *arguments], stdin=stdin, environment=_ENVIRONMENT
        )
