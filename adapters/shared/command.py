"""The one door to other programs: which may run, what they see, and what may be said of them.

Values travel by pipe only. Nothing a program printed on stdout ever enters a message, and of its
stderr only one scrubbed line does. `subprocess.CalledProcessError`, whose text is the whole command
line, is never raised.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from engine.errors import Refused, Transient

Name = Literal["git", "sops"]
"""The programs that may run at all."""

INHERITED = frozenset({
    "PATH", "HOME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "SOPS_AGE_KEY_FILE",
    "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy",
})  # fmt: skip
"""What a child may know of our environment. Keys in variables (`SOPS_AGE_KEY`) are not passed."""

FIXED: Mapping[Name, Mapping[str, str]] = {
    "git": {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,  # a person's aliases, signing and filters are not ours
        "LC_ALL": "C",  # its words are read below
    },
    "sops": {"SOPS_DISABLE_VERSION_CHECK": "true"},  # `sops --version` would ask the internet
}

SHORTEST_TELLING = 8
"""Characters. A line of a longer secret that is shorter than this gives nothing away."""


@dataclass(frozen=True)
class Program:
    """A program that was found."""

    name: Name
    path: Path


@dataclass(frozen=True)
class Ended:
    """What a program left behind."""

    what: str
    """Program and subcommand, e.g. `sops set`."""
    exit_code: int
    stdout: bytes = field(repr=False)
    """May be a secret."""
    stderr: str = field(repr=False)
    """Scrubbed of the secrets the caller named."""

    @property
    def complaint(self) -> str:
        """Return one line fit for a message: what ran, how it ended, and its first words."""
        words = next((line.strip() for line in self.stderr.splitlines() if line.strip()), "")
        return f"{self.what} ended with {self.exit_code}" + (f": {words[:300]}" if words else "")


def find(name: Name, path: Path | None = None) -> Program:
    """Return `path` if given, else the program beside this Python, else the one in PATH.

    Raises `Refused` if there is none, or if it cannot be executed.
    """
    if path is not None:
        named = shutil.which(path)
        if named is None:
            raise Refused(
                f"there is no {name} program at {path}",
                hint=f"Correct the path in the settings, or leave it out to look {name} up.",
            )
        return Program(name, Path(named))
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(name)
    if found is None:
        raise Refused(
            f"{name} is neither beside {Path(sys.executable).name} nor in PATH",
            hint=f"Install {name}, or give its path in the settings.",
        )
    return Program(name, Path(found))


def run(
    program: Program,
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    secrets: Sequence[SecretStr] = (),
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60.0,
) -> Ended:
    """Run to the end and return what is left, whatever the exit code.

    `secrets` are what `stdin` holds: they are scrubbed from stderr and refused in `arguments`.
    `environment` may set names of `INHERITED` and nothing else.

    Raises `Refused` if the program cannot start, `Transient` if it is not done after `seconds`;
    its whole process group is dead by then.
    """
    forms = sorted(set(_forms(secrets)), key=len, reverse=True)
    _refuse_secrets(program, arguments, forms)
    child = _start(program, arguments, cwd, _environment(program, environment or {}))
    try:
        stdout, stderr = child.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        stdout, stderr = None, b""
    finally:
        _end(child)
    what = " ".join([program.name, *_subcommand(arguments)])
    if stdout is None:
        raise Transient(
            f"{what} was not done after {seconds:g} s and was ended",
            hint="Look whether the other side of it answers.",
        )
    return Ended(what, child.returncode, stdout, scrub(stderr.decode(errors="replace"), forms))


def scrub(text: str, forms: Sequence[str]) -> str:
    """Return `text` with each of `forms` starred out; give the longest first."""
    for form in forms:
        text = text.replace(form, "***")
    return text


def _forms(secrets: Sequence[SecretStr]) -> Iterator[str]:
    for secret in secrets:
        value = secret.get_secret_value()
        lines = [line for line in value.splitlines() if len(line) >= SHORTEST_TELLING]
        for text in filter(None, [value, *lines]):
            raw = text.encode(errors="replace")
            yield text
            yield base64.b64encode(raw).decode().rstrip("=")
            yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
            yield quote(raw, safe="")
            yield quote_plus(raw)
            yield json.dumps(text)[1:-1]
            yield json.dumps(text, ensure_ascii=False)[1:-1]


def _refuse_secrets(program: Program, arguments: Sequence[str], forms: Sequence[str]) -> None:
    telling = [form for form in forms if len(form) >= SHORTEST_TELLING]
    if any(form in argument for form in telling for argument in arguments):
        raise Refused(
            f"a secret was about to be put on the command line of {program.name}",
            hint="This is a fault in the adapter; report it.",
        )


def _environment(program: Program, extra: Mapping[str, str]) -> dict[str, str]:
    if strangers := set(extra) - INHERITED:
        raise Refused(f"{program.name} may not be given {', '.join(sorted(strangers))}")
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, **extra, **FIXED[program.name]}


def _start(
    program: Program, arguments: Sequence[str], cwd: Path | None, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - programs by name, no shell, checked arguments
            [str(program.path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            start_new_session=True,  # no terminal to ask on, and one group to end
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "an argument holds a NUL"
    raise Refused(
        f"{program.name} at {program.path} cannot be started: {reason}",
        hint="Check that the file is a program for this machine and may be executed.",
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    child.wait()


def _subcommand(arguments: Sequence[str]) -> list[str]:
    """Return the first word that is neither an option nor the value of `-c`."""
    words = iter(arguments)
    for word in words:
        if word in {"-c", "-C", "--git-dir"}:
            next(words, None)
        elif not word.startswith("-"):
            return [word]
    return []
