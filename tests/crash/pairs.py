"""What holds of a secret that is one half of a pair: no place ever has the one with another's other."""

from __future__ import annotations

from collections.abc import Iterator

from engine.catalogue import Secret
from tests.crash.cases import Verdict
from tests.crash.sight import Eye, Sight


def identifier_of(eye: Eye) -> Secret | None:
    """Return the entry of the other half, where there is one."""
    catalogue = eye.voyage.platform.catalogue
    return catalogue.secrets[eye.entry.identifier] if eye.entry.identifier else None


def paths_of(eye: Eye) -> set[tuple[str, ...]]:
    """Return where in the file a commit of the run may change a value."""
    other = identifier_of(eye)
    entries = (eye.entry, *((other,) if other else ()))
    return {tuple(each.sops.path.split(".")) for each in entries}


def hold_together(eye: Eye, found: Sight, verdict: Verdict) -> None:
    """Ask of main, the Secret and every pod whether what they hold was made together."""
    other = identifier_of(eye)
    if other is None or eye.voyage.strange:  # a person who sets one half parts them
        return
    belongs = eye.voyage.world.exoscale.belongs
    for place, key, secret in _held(eye, found, other):
        verdict.hold("I30", belongs(key, secret), f"{place} holds two halves of different pairs")


def hold_mirrored(eye: Eye, found: Sight, verdict: Verdict) -> None:
    """Ask at the end whether the vault has the half that main has, once."""
    other = identifier_of(eye)
    if other is None:
        return
    world = eye.voyage.world
    held = [
        world.vaultwarden.open_password(c)
        for c in world.vaultwarden.ciphers(other.vaultwarden.item)
    ]
    main = (found.main.values or {}).get(other.sops.path, "")
    verdict.hold("I30", held == [main], "the vault does not hold the identifier that main holds")


def _held(eye: Eye, found: Sight, other: Secret) -> Iterator[tuple[str, str, str]]:
    for commit in (found.main, *found.rotations):
        values = commit.values or {}
        if eye.entry.sops.path in values:
            yield "main", values[other.sops.path], values[eye.entry.sops.path]
    assert eye.entry.kubernetes is not None
    assert other.kubernetes is not None
    mine, its, world = eye.entry.kubernetes, other.kubernetes, eye.voyage.world
    held = world.cluster.secret(mine.namespace, mine.secret)
    yield "the Secret", held.get(its.key, ""), held.get(mine.key, "")
    for name in eye.workloads:
        for pod in world.cluster.pod_env(mine.namespace, name):
            yield f"a pod of {name}", pod.get(its.key, ""), pod.get(mine.key, "")
