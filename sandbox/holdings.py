"""What stands where, told by name and never by value: `old`, `new`, `edited`, `another`, `nothing`.

`old` is what the world was made with, `edited` what somebody of the sandbox put there by hand, and
`new` what came from outside since. Where two different values came, the one of the store that
stands first below is `new` and the other one `another`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from sandbox.cluster.store import Missing
from sandbox.programs import ProgramFailed
from sandbox.state import sops_values

if TYPE_CHECKING:
    from sandbox.world import World

NOTHING, MIXED = "nothing", "mixed"


class Reader(BaseModel):
    """A Secret of the cluster that has the value, and what reads it from there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: str
    secret: str
    key: str
    workloads: tuple[str, ...] = ()
    """Names of the workloads that read it, without their kind."""


class Asked(BaseModel):
    """Where one secret lives, as the one who asks sees it; what is left out is not looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    """Dotted path in the SOPS file."""
    item: str = ""
    field: str = "password"
    readers: tuple[Reader, ...] = ()


def describe_holdings(world: World, asked: Asked) -> dict[str, str]:
    """Return for each place the name of the value it holds."""
    found = {"sops": _sops(world, asked)}
    if asked.item:
        found["vaultwarden"] = _item(world, asked)
    if asked.readers:
        found["kubernetes"] = _one([_secret(world, each) for each in asked.readers])
    if any(each.workloads for each in asked.readers):
        found["pods"] = _one([pod for each in asked.readers for pod in _pods(world, each)])
    names = _names(world, asked.path, tuple(found.values()))
    return {place: names[value] for place, value in found.items()}


def _names(world: World, path: str, values: tuple[str | None, ...]) -> dict[str | None, str]:
    names: dict[str | None, str] = {None: NOTHING, MIXED: MIXED}
    if path in world.values:
        names[world.values[path]] = "old"
    names |= dict.fromkeys(world.edits, "edited")
    for value in values:
        names.setdefault(value, "another" if "new" in names.values() else "new")
    return names


def _sops(world: World, asked: Asked) -> str | None:
    try:
        return sops_values(world).get(asked.path)
    except ProgramFailed:
        return MIXED


def _item(world: World, asked: Asked) -> str | None:
    held = []
    for cipher in world.vaultwarden.ciphers(asked.item):
        if asked.field == "password":
            held.append(world.vaultwarden.open_password(cipher))
        else:
            held.append(world.vaultwarden.fields(asked.item).get(asked.field, ""))
    return _one(held)


def _secret(world: World, reader: Reader) -> str | None:
    try:
        return world.cluster.secret(reader.namespace, reader.secret).get(reader.key)
    except Missing:
        return None


def _pods(world: World, reader: Reader) -> list[str | None]:
    try:
        pods = [p for w in reader.workloads for p in world.cluster.pod_env(reader.namespace, w)]
    except Missing:
        return []
    return [pod.get(reader.key) for pod in pods]


def _one(held: list[str] | list[str | None]) -> str | None:
    """Return the value that all have in common; nothing where there is none, else `mixed`."""
    distinct = set(held)
    if not distinct:
        return None
    return distinct.pop() if len(distinct) == 1 else MIXED
