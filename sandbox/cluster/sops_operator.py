"""The sops-secrets-operator: decrypts with its own age key and updates the Secrets, a bit later.

It tells of itself in `status.message` alone, so "Healthy" may be about an older revision, and an
old Secret stays when decryption fails.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from sandbox.cluster.resources import SECRET, SOPS_SECRET
from sandbox.layout import SOPS_FILE
from sandbox.programs import ProgramFailed
from sandbox.sopsfile import decrypt_tree

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.cluster.agenda import Agenda, Pace
    from sandbox.cluster.store import Store, Tree
    from sandbox.remote import Remote


class SopsOperator:
    """Turns SopsSecrets into Secrets."""

    def __init__(
        self, store: Store, remote: Remote, identity: Path, agenda: Agenda, pace: Pace
    ) -> None:
        self._store = store
        self._remote = remote
        self._identity = identity
        self._agenda = agenda
        self._pace = pace
        self._last: tuple[bytes, dict[str, str]] = (b"", {})
        self.is_frozen = False
        """Whether it does nothing: Secrets and messages then stay as they are."""

    def notice(self, namespace: str, name: str, commit: str) -> None:
        """Take up a SopsSecret that was applied from a commit."""
        self._agenda.later(self._pace.operator, lambda: self._sync(namespace, name, commit))

    def _sync(self, namespace: str, name: str, commit: str) -> None:
        found = self._store.get(SOPS_SECRET, namespace, name)
        if self.is_frozen:
            return
        if found["spec"].get("suspend"):
            self._say(namespace, name, "Reconciliation is suspended")
            return
        try:
            values = self._decrypt(self._remote.file(SOPS_FILE, commit) or b"")
            for template in found["spec"]["secretTemplates"]:
                self._write(namespace, template, values)
        except (ProgramFailed, KeyError):
            self._say(namespace, name, "Decryption error")
            return
        self._say(namespace, name, "Healthy")

    def _decrypt(self, encrypted: bytes) -> dict[str, str]:
        if self._last[0] != encrypted:
            self._last = (encrypted, decrypt_tree(encrypted, self._identity))
        return self._last[1]

    def _write(self, namespace: str, template: Tree, values: dict[str, str]) -> None:
        data = {
            key: b64encode(values[path].encode()).decode()
            for key, path in template["sopsPaths"].items()
        }

        def change(found: Tree) -> None:
            found["data"] = data

        name, manager = template["name"], "sops-secrets-operator"
        if not self._store.has(SECRET, namespace, name):
            secret = {"metadata": {"name": name, "namespace": namespace}, "type": "Opaque"}
            self._store.add(SECRET, secret, manager)
        self._store.change(SECRET, namespace, name, change, manager=manager)

    def _say(self, namespace: str, name: str, message: str) -> None:
        def change(found: Tree) -> None:
            found["status"] = {"message": message}

        self._store.change(SOPS_SECRET, namespace, name, change)
