"""A repository with readers: rules with comments, anchors and several forms, and files under them.

git, sops and age are real, and each reader has a key of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import yaml

from tests.adapters import infra as base
from tests.adapters.infra import Infra

PULSE = "infra/secrets/plana-pulse.enc.yaml"
BANK = "infra/secrets/bank.enc.yaml"
OPERATOR_ONLY = "infra/k8s/operator.enc.yaml"
FORGOTTEN = "old/forgotten.enc.yaml"
OWNERS = ("engine", "operator", "leaver", "newcomer")
VALUES: Mapping[str, dict[str, Any]] = {
    PULSE: {"redis": {"password": "redis-value-1"}, "matomo": {"admin_password": "matomo-value-1"}},
    BANK: {"bank": {"client_secret": "bank-value-1"}},
    OPERATOR_ONLY: {"root": {"token": "root-value-1"}},
    FORGOTTEN: {"legacy": {"key": "legacy-value-1"}},
}


@dataclass
class Circle(Infra):
    """The repository, and who can read it."""

    def recipient(self, owner: str) -> str:
        return str(base.identity_of(self.keys[owner]).to_public())

    def rules(self) -> str:
        who = {owner: self.recipient(owner) for owner in OWNERS}
        return f"""# Who may read what. Ask the admins before you change it.
keys:
  - &engine {who["engine"]}
  - &operator {who["operator"]}  # in the cluster
  - &leaver {who["leaver"]}  # a laptop
creation_rules:
  # everything of the platform
  - path_regex: infra/secrets/.*\\.enc\\.yaml$
    key_groups:
      - age:
          - *engine
          - *operator
          - *leaver  # since spring
  - path_regex: infra/k8s/.*\\.enc\\.yaml$
    age: >-
      {who["engine"]},
      {who["operator"]}
stores:
  yaml: {{indent: 2}}  # as everywhere
"""

    def make(self) -> None:
        """Commit rules and files; one file has no rule any more."""
        everyone = ("engine", "operator", "leaver")
        files = {".sops.yaml": self.rules().encode(), "README.md": b"age keys are in .sops.yaml\n"}
        for file, values in VALUES.items():
            readers = everyone[:2] if file == OPERATOR_ONLY else everyone
            files[file] = self.lock(values, file, readers)
        self.commit(files)

    def branch(self, name: str, at: str = "main") -> None:
        self.in_remote("update-ref", f"refs/heads/{name}", at)

    def merge(self, branch: str, into: str = "main") -> str:
        """Merge as a forge does, with a commit of its own; main gets it, and the branch goes."""
        tree = self.in_remote("merge-tree", "--write-tree", into, branch)
        who = ("-c", "user.name=P", "-c", "user.email=p@example.org")
        parents = ("-p", self.head(into), "-p", self.head(branch))
        commit = self.in_remote(*who, "commit-tree", tree, *parents, "-m", f"Merge {branch}")
        self.in_remote("update-ref", "refs/heads/main", commit)
        for name in {into, branch} - {"main"}:
            self.in_remote("update-ref", "-d", f"refs/heads/{name}")
        return commit

    def lock(self, values: Any, file: str, readers: tuple[str, ...]) -> bytes:
        text = values if isinstance(values, str) else yaml.safe_dump(values, sort_keys=False)
        target = self.work(file, text.encode())
        named = ",".join(self.recipient(owner) for owner in readers)
        return base.run_program(
            [*self._sops, "encrypt", "--age", named, str(target)], target.parent
        )

    def can_open(self, owner: str, raw: bytes, file: str = PULSE) -> bool:
        """Tell whether the real sops opens a file with the key of one owner alone."""
        target = self.work(file, raw)
        words = [*self._sops, "decrypt", str(target)]
        return base.ended_well(words, target.parent, self.keys[owner])

    def rewrapped(self, file: str, *, rotates: bool = False) -> bytes:
        """Return a file of main after updatekeys: without the leaver, and under the same data key.

        With `rotates` it has a new one, as `sops rotate` makes it.
        """
        target = self.work(file, self.read(file))
        named = ",".join(self.recipient(owner) for owner in ("engine", "operator"))
        (target.parent / ".sops.yaml").write_text(f"creation_rules:\n  - age: {named}\n")
        base.run_program(
            [*self._sops, "updatekeys", "--yes", str(target)], target.parent, self.keys["engine"]
        )
        if rotates:
            words = [*self._sops, "rotate", "--in-place", str(target)]
            base.run_program(words, target.parent, self.keys["engine"])
        return target.read_bytes()


def build(root: Path) -> Circle:
    """Make the repository."""
    circle = Circle(root, {owner: root / f"{owner}.txt" for owner in OWNERS})
    for file in circle.keys.values():
        file.write_text(f"# made by a test\n{pyrage.x25519.Identity.generate()}\n")
        file.chmod(0o400)
    base.run_program(
        ["git", "init", "-q", "--bare", "-b", "main", "--template=", str(circle.remote)]
    )
    circle.in_remote("config", "uploadpack.allowFilter", "true")
    circle.in_remote("config", "receive.autogc", "false")
    circle.make()
    return circle
