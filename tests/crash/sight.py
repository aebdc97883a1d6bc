"""The world as it lies at one moment, read by the hands of its people and not by the engine's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.catalogue import KubernetesPlace, Secret
from engine.ledger import Entry
from engine.state import RunState
from sandbox.layout import CATALOGUE, SOPS_FILE
from sandbox.programs import ProgramFailed, run_program
from sandbox.sopsfile import decrypt_tree
from sandbox.world import World
from tests.crash.voyage import Voyage


@dataclass(frozen=True)
class Commit:
    """One commit of the remote, by whatever name it can be reached."""

    name: str
    parent: str
    author: str
    file: bytes
    values: Mapping[str, str] | None
    """Every value in clear; None if the file does not open with the operator's key."""
    entered: frozenset[str]
    """Names of the secrets that the catalogue in git has."""


@dataclass(frozen=True)
class Sight:
    """What stands where. Values are in clear, so it is never printed."""

    pods: Mapping[str, list[str | None]]
    """Workload to the value each ready pod holds."""
    clusters: Mapping[str, str | None]
    """Workload to the value in the Kubernetes Secret that it reads."""
    vault: list[str]
    """The value of each live item of that name."""
    history: list[str]
    branches: Mapping[str, str]
    commits: Mapping[str, Commit]
    keys: list[dict[str, str]]
    restarts: Mapping[str, int]
    writes: int
    entries: list[Entry]
    state: RunState
    holders: Mapping[str, str]
    drawer: Mapping[tuple[str, str], str]
    """Opened values of the run's drawer."""

    @property
    def main(self) -> Commit:
        """The commit that Flux follows."""
        return self.commits[self.branches["main"]]

    @property
    def rotations(self) -> list[Commit]:
        """Commits of main that no person made, newest first."""
        found, name = [], self.branches["main"]
        while name:
            commit = self.commits[name]
            if not commit.author.startswith("Petra"):
                found.append(commit)
            name = commit.parent
        return found


@dataclass
class Eye:
    """Looks at one world; remembers commits, which never change."""

    voyage: Voyage
    entry: Secret
    old: str
    """The value before the run; empty where there was none."""
    seen: dict[str, Commit]
    old_key: str
    """Id of the provider's key that the old value is; empty where it is none."""
    enters: str = ""
    """Name of the secret, where the run writes its entry into the catalogue."""

    @classmethod
    def of(cls, voyage: Voyage) -> Eye:
        """Return the eye for the secret that the run is about; look before the run starts."""
        plan, entry = voyage.plan, voyage.secret
        old = voyage.world.values.get(entry.sops.path, "")
        carries = any(step.uses.startswith("kubernetes.") for step in plan.steps)
        assert entry.places or not carries, "what carries a value into the cluster has a consumer"
        key = voyage.ring.key_of(old)
        enters = "" if plan.secret in voyage.platform.catalogue.secrets else plan.secret
        return cls(voyage, entry, old, {}, key.key_id if key else "", enters)

    @property
    def workloads(self) -> Mapping[str, KubernetesPlace]:
        """Names of the workloads that read the secret, each with the Secret it reads it from."""
        return {
            each.partition("/")[2]: place
            for place in self.entry.places
            for each in ([place.workload] if isinstance(place.workload, str) else place.workload)
        }

    def look(self) -> Sight:
        """Read everything, consumers before producers, so that a change in between is no fault."""
        world, read = self.voyage.world, self.workloads
        pods = {
            name: [pod.get(at.key) for pod in world.cluster.pod_env(at.namespace, name)]
            for name, at in read.items()
        }
        restarts = {name: world.cluster.restarts(at.namespace, name) for name, at in read.items()}
        clusters = {
            name: world.cluster.secret(at.namespace, at.secret).get(at.key)
            for name, at in read.items()
        }
        item = self.entry.vaultwarden.item
        items = world.vaultwarden.ciphers(item)
        journal, seal = self.voyage.platform.journal, self.voyage.platform.seal()
        sealed = journal.sealed(self.voyage.run)
        found = Sight(
            pods=pods,
            clusters=clusters,
            vault=[world.vaultwarden.open_password(each) for each in items],
            history=world.vaultwarden.history(item) if len(items) == 1 else [],
            branches=world.remote.branches(),
            commits=self._commits(world),
            keys=self.voyage.ring.states(),
            restarts=restarts,
            writes=world.vaultwarden.writes,
            entries=list(journal.entries()),
            state=self.voyage.state(),
            holders=journal.holders(),
            drawer={name: seal.open(text).get_secret_value() for name, text in sealed.items()},
        )
        self.voyage.found |= set(self._new_values(found))
        return found

    def value(self, commit: Commit) -> str | None:
        """Return the value a commit holds for the secret."""
        return None if commit.values is None else commit.values.get(self.entry.sops.path)

    def _new_values(self, found: Sight) -> Iterator[str]:
        places = [
            *found.vault,
            *found.clusters.values(),
            *(v for each in found.pods.values() for v in each),
        ]
        places += [self.value(commit) for commit in found.commits.values()]
        # what the run has read elsewhere, such as the pair in the other slot, is not new
        known = set(self.voyage.world.values.values())
        drawn = (text for (_, name), text in found.drawer.items() if name == "value")
        places += [text for text in drawn if text not in known]
        yield from (text for text in places if text and text != self.old)

    def _commits(self, world: World) -> dict[str, Commit]:
        listed = git(world, "log", "--all", "--format=%H %P %an").decode().splitlines()
        for line in listed:
            name, _, rest = line.partition(" ")
            if name not in self.seen:
                words = rest.split(" ")
                is_parent = len(words[0]) == len(name)
                parent = words[0] if is_parent else ""
                author = " ".join(words[1:] if is_parent else words).strip()
                self.seen[name] = _commit(world, name, parent, author)
        return dict(self.seen)


def git(world: World, *arguments: str) -> bytes:
    """Return what git says about the remote."""
    nowhere = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    return run_program(
        ["git", "--git-dir", str(world.layout.remote), *arguments], environment=nowhere
    )


def snapshot(found: Sight) -> dict[str, Any]:
    """Return what must not change when a finished run is started again."""
    return {
        "branches": dict(found.branches),
        "vault": (found.vault, found.history, found.writes),
        "cluster": (dict(found.clusters), dict(found.pods), dict(found.restarts)),
        "provider": found.keys,
        "entries": len(found.entries),
    }


def _commit(world: World, name: str, parent: str, author: str) -> Commit:
    file = world.remote.file(SOPS_FILE, name) or b""
    if not file and not parent:
        return Commit(
            name, parent, author, b"", {}, frozenset()
        )  # the first commit has no secrets yet
    try:
        values: Mapping[str, str] | None = decrypt_tree(file, world.layout.age_key("operator"))
    except (ProgramFailed, ValueError):
        values = None
    catalogue = world.remote.file(CATALOGUE, name)
    entered = frozenset(yaml.safe_load(catalogue)["secrets"] if catalogue else ())
    return Commit(name, parent, author, file, values, entered)


def files_below(*folders: Path) -> Iterator[Path]:
    """Yield every regular file below some folders."""
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in folder.rglob("*") if path.is_file())
