"""A small infra repository: a bare remote, a file of secrets, and people who push to it.

Everything is real: git, sops and age. Only the people are made up.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyrage
import yaml
from pydantic import SecretStr

from adapters import git, sops
from adapters.shared import command
from adapters.shared.checkout import GitSettings
from adapters.sops import SopsSettings
from engine.step import Call, Done, NotYet, Probe, Step

FILE = "infra/secrets/plana-pulse.enc.yaml"
MANIFEST = "infra/k8s/bos/secret.enc.yaml"
OLD = "sk-ant-old-0123456789"
NEW = "sk-ant-new-9876543210/+&\"'"
AT = {"file": FILE, "path": "ai_agents.anthropic_api_key"}

VALUES: dict[str, Any] = {
    "ai_agents": {"anthropic_api_key": OLD, "openrouter_api_key": "or-old", "spare": None},
    "redis": {"password": "redis-old", "port": 6379},
    "pool": ["same", "same", "other"],
    "note_unencrypted": "in clear",
}
LAYOUT = b"stores:\n  yaml:\n    indent: 2\n"
SECRET = {"kind": "Secret", "data": {"token": "b2xk"}, "stringData": {"plain": "old"}}


@dataclass
class Infra:
    """One world of the tests."""

    root: Path
    keys: Mapping[str, Path] = field(default_factory=dict)
    """Age identity files by owner: `engine` is a recipient, `stranger` is not."""

    @property
    def remote(self) -> Path:
        return self.root / "remote.git"

    @property
    def git(self) -> GitSettings:
        return GitSettings(remote=f"file://{self.remote}", push_attempts=8)

    @property
    def sops(self) -> SopsSettings:
        return SopsSettings(age_key_file=self.keys["engine"])

    def steps(self, settings: SopsSettings | None = None) -> dict[str, Step[Any, Any]]:
        chosen = settings or self.sops
        offered = (
            *sops.steps(chosen, self.git),
            *git.steps(self.git, replay=sops.replay(chosen)),
        )
        return {step.name: step for step in offered}

    def in_remote(self, *arguments: str, stdin: bytes = b"") -> str:
        return (
            run_program(["git", "--git-dir", str(self.remote), *arguments], stdin=stdin)
            .decode()
            .strip()
        )

    def head(self, branch: str = "main") -> str:
        return self.in_remote("rev-parse", branch)

    def branches(self) -> set[str]:
        listed = self.in_remote("for-each-ref", "--format=%(refname:short)", "refs/heads")
        return set(listed.split())

    def read(self, file: str = FILE, revision: str = "main") -> bytes:
        return run_program(
            ["git", "--git-dir", str(self.remote), "cat-file", "blob", f"{revision}:{file}"]
        )

    def commit(
        self,
        files: Mapping[str, bytes | None],
        branch: str = "main",
        text: str = "work",
        when: datetime | None = None,
    ) -> str:
        """Commit as a colleague would, now or at another time, and return the commit.

        A file without content is taken out.
        """
        moment = "now" if when is None else f"{int(when.timestamp())} +0000"
        parts = [f"commit refs/heads/{branch}\n", f"committer Petra <p@example.org> {moment}\n"]
        stream = ["".join(parts).encode(), f"data {len(text)}\n{text}\n".encode()]
        if branch in self.branches():
            stream.append(f"from refs/heads/{branch}^0\n".encode())
        for path, content in files.items():
            if content is None:
                stream.append(f"D {path}\n".encode())
                continue
            head = f"M 100644 inline {path}\ndata {len(content)}\n"
            stream += [head.encode(), content, b"\n"]
        style = f"--date-format={'now' if when is None else 'raw'}"
        self.in_remote("fast-import", "--quiet", style, stdin=b"".join(stream))
        return self.head(branch)

    def work(self, file: str, content: bytes) -> Path:
        """Put a file where a colleague would work on it, beside the layout of the repository."""
        target = self.root / "work" / Path(file).name
        target.parent.mkdir(exist_ok=True)
        (target.parent / ".sops.yaml").write_bytes(LAYOUT)
        target.write_bytes(content)
        return target

    def encrypt(self, values: Any, file: str = FILE, *options: str, clear: str = "") -> bytes:
        target = self.work(file, (clear or yaml.safe_dump(values, sort_keys=False)).encode())
        recipient = str(identity_of(self.keys["engine"]).to_public())
        return run_program(
            [*self._sops, "encrypt", *options, "--age", recipient, str(target)], target.parent
        )

    def decrypt(self, raw: bytes, file: str = FILE) -> Any:
        target = self.work(file, raw)
        return yaml.safe_load(
            run_program([*self._sops, "decrypt", str(target)], target.parent, self.keys["engine"])
        )

    def values(self, revision: str = "main", file: str = FILE) -> Any:
        return self.decrypt(self.read(file, revision), file)

    def edited(self, index: str, value: Any, file: str = FILE) -> bytes:
        """Return the file of main after a colleague set one value."""
        target = self.work(file, self.read(file))
        set_it = [*self._sops, "set", "--value-stdin", str(target), index]
        run_program(set_it, target.parent, self.keys["engine"], json.dumps(value).encode())
        return target.read_bytes()

    def rotated(self) -> bytes:
        """Return the file of main under a new data key: every ciphertext differs."""
        target = self.work(FILE, self.read())
        run_program([*self._sops, "rotate", "-i", str(target)], target.parent, self.keys["engine"])
        return target.read_bytes()

    def objects(self) -> bytes:
        """Return the content of every object the remote has ever taken."""
        listed = self.in_remote("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        return run_program(
            ["git", "--git-dir", str(self.remote), "cat-file", "--batch"], stdin=listed.encode()
        )

    @property
    def _sops(self) -> list[str]:
        return [str(command.find("sops").path), "--disable-version-check"]


def build(root: Path) -> Infra:
    """Make a world with one commit on main."""
    infra = Infra(root, {owner: root / f"{owner}.txt" for owner in ("engine", "stranger")})
    for file in infra.keys.values():
        file.write_text(f"# made by a test\n{pyrage.x25519.Identity.generate()}\n")
        file.chmod(0o400)
    run_program(["git", "init", "-q", "--bare", "-b", "main", "--template=", str(infra.remote)])
    infra.in_remote("config", "uploadpack.allowFilter", "true")
    infra.in_remote("config", "receive.autogc", "false")
    manifest = infra.encrypt(SECRET, MANIFEST, "--encrypted-regex", "^(data|stringData)$")
    infra.commit({".sops.yaml": LAYOUT, FILE: infra.encrypt(VALUES), MANIFEST: manifest})
    return infra


def call(run: str = "run-1", key: str = "", step: str = "sops", **changes: Any) -> Call:
    """Return a call as the engine would make it."""

    def fingerprint(value: SecretStr) -> str:
        return "fp:" + hmac.new(b"k", value.get_secret_value().encode(), hashlib.sha256).hexdigest()

    given: dict[str, Any] = {
        "run": run, "runbook": "rotate-anthropic-api-key", "step": step, "attempt": 1,
        "key": key or f"{run}/{step}", "head": "", "secret": "anthropic-api-key",
        "started_by": "petra.ops", "approved_by": ("ada", "bob"), "answer": None, "comment": "",
        "fingerprint": fingerprint, "report": lambda _: None,
    }  # fmt: skip
    return Call(**{**given, **changes})


def params(step: Step[Any, Any], **given: Any) -> Any:
    return step.params.model_validate(given)


def probe(step: Step[Any, Any], given: Any, asked: Call) -> Probe[Any]:
    assert callable(step.probe)
    return step.probe(given, asked)


def is_done(found: Probe[Any]) -> bool:
    assert isinstance(found, Done | NotYet)
    return isinstance(found, Done)


def undo(step: Step[Any, Any], given: Any, outputs: Any, asked: Call) -> Any:
    assert callable(step.undo)
    return step.undo(given, outputs, asked)


def look(step: Step[Any, Any], **given: Any) -> str:
    assert step.preflight is not None
    return step.preflight.look(step.preflight.params.model_validate(given))


def store(infra: Infra, value: str = NEW, at: Any = None, **calling: Any) -> Any:
    """Run `sops.set` and return its outputs."""
    step = infra.steps()["sops.set"]
    return step.run(params(step, value=value, at=at or AT), call(**calling)).outputs


def publish(infra: Infra, run: str = "run-1") -> Any:
    """Run `git.publish` and return its outputs."""
    step = infra.steps()["git.publish"]
    return step.run(params(step), call(run, step="publish")).outputs


def rollback(infra: Infra, outputs: Any, run: str = "run-1") -> Any:
    """Take `git.publish` back and return its outputs."""
    step = infra.steps()["git.publish"]
    return undo(step, params(step), outputs, call(run, key=f"{run}/back", step="publish"))


def program(path: Path, text: str) -> Path:
    """Write an executable script and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def identity_of(file: Path) -> Any:
    return pyrage.x25519.Identity.from_str(file.read_text().splitlines()[1])


def run_program(
    arguments: list[str], cwd: Path | None = None, key: Path | None = None, stdin: bytes = b""
) -> bytes:
    """Return what a program printed; fail if it failed."""
    ended = _ended(arguments, cwd, key, stdin)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


def ended_well(arguments: list[str], cwd: Path, key: Path) -> bool:
    """Tell whether a program ended with 0."""
    return _ended(arguments, cwd, key, b"").returncode == 0


def _ended(
    arguments: list[str], cwd: Path | None, key: Path | None, stdin: bytes
) -> subprocess.CompletedProcess[bytes]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": "/nonexistent",
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        **({"SOPS_AGE_KEY_FILE": str(key)} if key else {}),
    }  # fmt: skip
    return subprocess.run(  # noqa: S603 - fixed programs of the tests
        arguments, input=stdin, capture_output=True, check=False, env=environment, cwd=cwd
    )
