"""What another process may know of a world: counts, ids and states, agreements, no values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sandbox.circle import describe_circle
from sandbox.layout import CATALOGUE, SOPS_FILE
from sandbox.placement import ITEMS, PLACEMENTS, WORKLOADS
from sandbox.programs import ProgramFailed
from sandbox.sopsfile import decrypt_tree

if TYPE_CHECKING:
    from sandbox.keybook import Keybook
    from sandbox.world import World


def describe_state(world: World) -> dict[str, Any]:
    """Return counts and states of every double."""
    cluster = world.cluster
    return {
        "requests": world.log.counts(),
        "faults": world.faults.listing(),
        "problems": list(world.log.problems),
        "anthropic": {
            "keys": world.anthropic.states(),
            "created": world.anthropic.created,
            "deactivations": world.anthropic.deactivations,
        },
        "openrouter": _book(world.openrouter),
        "forgejo": _book(world.forgejo.tokens),
        "stripe": _book(world.stripe),
        "stripe_keys": _book(world.stripe_keys),
        "exoscale": _book(world.exoscale),
        "odoo": _book(world.odoo.keys),
        "matrix": _book(world.matrix.tokens),
        **describe_circle(world),
        "qtsp": {"issued": {kind: len(made) for kind, made in world.qtsp.issued.items()}},
        "vaultwarden": {"counts": world.vaultwarden.counts(), "items": world.vaultwarden.names()},
        "kubernetes": {
            "restarts": {
                f"{w.namespace}/{w.name}": cluster.restarts(w.namespace, w.name) for w in WORKLOADS
            },
            "failures": [str(type(error).__name__) for error in cluster.agenda.failures],
        },
        "postgres": {"may_log_in": _may_log_in(world)},
        "remote": {
            "branches": world.remote.branches(),
            "log": world.remote.log(),
            "catalogue": _catalogue(world),
        },
    }


def _catalogue(world: World) -> dict[str, Any]:
    """Return the entries of the catalogue on `main`; none where it is not there."""
    text = world.remote.file(CATALOGUE)
    entries: dict[str, Any] = yaml.safe_load(text)["secrets"] if text else {}
    return entries


def _may_log_in(world: World) -> dict[str, bool]:
    """Return by role whether it may log in at the database; nothing where there is none."""
    states = world.database.states() if world.database else {}
    return {role: may_log_in for role, (may_log_in, _) in states.items()}


def _book(book: Keybook) -> dict[str, Any]:
    return {"keys": book.states(), "created": book.created, "deleted": book.deleted}


def describe_agreement(world: World) -> dict[str, dict[str, bool]]:
    """Return for each mirrored or placed path which places hold what SOPS on `main` says."""
    try:
        values = sops_values(world)
    except ProgramFailed:
        values = {}
    paths = sorted({item.path for item in ITEMS} | {placement.path for placement in PLACEMENTS})
    return {path: _agreement(world, path, values.get(path)) for path in paths}


def sops_values(world: World) -> dict[str, str]:
    """Return the values of the SOPS file on `main`; raise `ProgramFailed` if it is not sound."""
    encrypted = world.remote.file(SOPS_FILE) or b""
    return decrypt_tree(encrypted, world.layout.age_key("operator"))


def _agreement(world: World, path: str, wanted: str | None) -> dict[str, bool]:
    found = {"sops": wanted is not None}
    for item in (item for item in ITEMS if item.path == path):
        held = [world.vaultwarden.open_password(c) for c in world.vaultwarden.ciphers(item.name)]
        found["vaultwarden"] = held == [wanted]
    for placement in (placement for placement in PLACEMENTS if placement.path == path):
        secret = world.cluster.secret(placement.namespace, placement.secret)
        found["kubernetes"] = secret.get(placement.key) == wanted
        workloads = [w for w in WORKLOADS if w.namespace == placement.namespace]
        pods = [p for w in workloads for p in world.cluster.pod_env(w.namespace, w.name)]
        found["pods"] = bool(pods) and all(pod.get(placement.key) == wanted for pod in pods)
    if path in world.rings:
        found["provider"] = wanted is not None and world.rings[path].accepts(wanted)
    return found
