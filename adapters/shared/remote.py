"""The git remote: where it is, how we sign in, and how its refusals are told apart.

git has one exit code (128) for every failure, so its English words are read; `LC_ALL=C` holds them.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from adapters.shared import command
from engine.errors import Refused, RunbookError, Transient
from engine.step import Frozen

LOCAL_SECONDS = 60.0
REMOTE_SECONDS = 180.0

_NO = re.compile(
    r"permission denied|authentication failed|could not read (username|password)|access denied"
    r"|host key verification failed|does not appear to be a git repository|not found"
    r"|does not exist|no such file|returned error: 40[0-4]|not allowed|dubious ownership",
    re.IGNORECASE,
)
"""Words of an answer that will not change by asking again."""

_NOBODY = re.compile(r"no user exists for uid|you don't exist, go away", re.IGNORECASE)
"""Words of an ssh that was started under a number without an account."""

_MOVED = re.compile(
    r"fetch first|non-fast-forward|stale info|cannot lock ref|failed to update ref"
    r"|incorrect old value|reference already exists",
    re.IGNORECASE,
)
"""Words of a refused push that lost a race."""


def _plain_remote(remote: str) -> str:
    if remote.startswith("-"):
        raise ValueError("a remote may not begin with a dash")
    if "://" in remote and urlsplit(remote).password is not None:
        raise ValueError("a remote may not hold a password; use git.credentials_file instead")
    return remote


def _file_inside(file: str) -> str:
    path = PurePosixPath(file)
    if path.is_absolute() or {"..", ".git"} & set(path.parts) or str(path) != file:
        raise ValueError("it must be a plain path inside the repository")
    if not file.isprintable() or "#" in file or path.suffix not in {".yaml", ".yml"}:
        raise ValueError("it must be a .yaml file without '#' and unprintable characters")
    return file


class GitSettings(Frozen):
    """Where the repository of the encrypted files is, and who we are to it."""

    remote: Annotated[str, AfterValidator(_plain_remote)] = Field(
        "", description="Address of the repository: ssh, https, file or a path; no password in it."
    )
    branch: str = Field("main", description="The branch that Flux follows.")
    catalogue: Annotated[str, AfterValidator(_file_inside)] = Field(
        "",
        description="The catalogue inside the repository that runs add entries to; none if empty.",
    )
    author_name: str = Field("Runbook Engine", description="Name that commits are made under.")
    author_email: str = Field(
        "runbook@localhost", description="E-mail address that commits are made under."
    )
    ssh_key_file: Path | None = Field(
        None, description="File of the private key for an ssh remote; the ssh agent if left out."
    )
    known_hosts_file: Path | None = Field(
        None, description="File of host keys an ssh remote is known by; the user's own if left out."
    )
    credentials_file: Path | None = Field(
        None, description="File in git-credential-store format for an https remote."
    )
    pending_prefix: str = Field(
        "rotate/", description="What the branches of pending changes begin with; Flux sees none."
    )
    push_attempts: int = Field(
        8, ge=1, le=50, description="How often a push is tried while others push too."
    )


@dataclass(frozen=True)
class Git:
    """git, bound to one repository directory and to the way we sign in."""

    program: command.Program
    settings: GitSettings
    directory: Path

    def local(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what git printed; raise `Refused` or `Transient` if it failed."""
        ended = self.attempt(*arguments, stdin=stdin, seconds=REMOTE_SECONDS)
        if ended.exit_code != 0:
            # a blob that is not here yet is fetched in passing, so the remote may be the cause
            raise self.judge(ended)
        return ended.stdout

    def attempt(
        self, *arguments: str, stdin: bytes = b"", seconds: float = LOCAL_SECONDS
    ) -> command.Ended:
        """Return how git ended, whatever its exit code."""
        return command.run(
            self.program,
            [*_options(self.settings), "--git-dir", str(self.directory), *arguments],
            stdin=stdin,
            environment={"GIT_SSH_COMMAND": ssh_command(self.settings)},
            seconds=seconds,
        )

    def judge(self, ended: command.Ended) -> RunbookError:
        """Return the error that a failed call means."""
        said = f"{ended.complaint} (remote {shown(self.settings.remote)})"
        if _NOBODY.search(ended.stderr):
            hint = "Run it as a user with an account: ssh works for none that /etc/passwd lacks."
            return Refused(said, hint=hint)
        if _NO.search(ended.stderr):
            return Refused(said, hint="Check git.remote and the credentials of the engine for it.")
        return Transient(said, hint="Check that the git remote can be reached from here.")

    def push(self, source: str, branch: str, *options: str) -> bool:
        """Push without force; return whether it landed, False if someone else was first.

        An empty `source` deletes the branch. Raises `Refused` if the remote forbids it,
        `Transient` if there was no answer (it may have landed all the same: fetch and look).
        """
        target = f"{source}:refs/heads/{branch}"
        ended = self.attempt(
            "push", "--porcelain", *options, "origin", target, seconds=REMOTE_SECONDS
        )
        if ended.exit_code == 0:
            return True
        rejections = [
            line for line in ended.stdout.decode(errors="replace").splitlines() if line[:1] == "!"
        ]
        if not rejections:
            raise self.judge(ended)
        reason = rejections[0].split("\t")[-1]
        if _MOVED.search(reason):
            return False
        raise Refused(
            f"the remote {shown(self.settings.remote)} does not take a push to {branch}: {reason}",
            hint="Check branch protection and hooks there, and the rights of the engine's account.",
        )


def shown(remote: str) -> str:
    """Return the address without the user in it, fit for a message."""
    if "://" not in remote:
        return remote
    parts = urlsplit(remote)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def ssh_command(settings: GitSettings) -> str:
    """Return how git is to call ssh: never asking, and with our key and hosts where given."""
    if settings.ssh_key_file is None and settings.known_hosts_file is None:
        return os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    words = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    if settings.ssh_key_file is not None:
        words += ["-i", str(settings.ssh_key_file), "-o", "IdentitiesOnly=yes"]
    if settings.known_hosts_file is not None:
        words += ["-o", f"UserKnownHostsFile={settings.known_hosts_file}"]
    return shlex.join(words)


def _options(settings: GitSettings) -> Sequence[str]:
    pairs = {
        "core.hooksPath": os.devnull,
        "user.name": settings.author_name,
        "user.email": settings.author_email,
        "gc.auto": "0",  # no background program may outlive the temporary directory
        "maintenance.auto": "false",
        "credential.helper": "",
        "remote.origin.url": settings.remote,
    }
    options = [word for name, value in pairs.items() for word in ("-c", f"{name}={value}")]
    if settings.credentials_file is not None:
        store = f"store --file={shlex.quote(str(settings.credentials_file))}"
        options += ["-c", f"credential.helper={store}"]
    return [*options, "--literal-pathspecs"]
