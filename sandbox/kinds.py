"""What a placement is made of: a value in a Secret, a workload that reads it, an item of the vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["Deployment", "StatefulSet", "DaemonSet"]

STAFF, ADMINS = "plana-staff", "plana-admins"


@dataclass(frozen=True)
class Placement:
    """One value of the SOPS file and the key of the Kubernetes Secret that carries it."""

    path: str
    namespace: str
    secret: str
    key: str


@dataclass(frozen=True)
class Workload:
    """A consumer in the cluster; every key of its Secret is an environment variable."""

    namespace: str
    kind: Kind
    name: str
    replicas: int
    image: str
    secret: str


@dataclass(frozen=True)
class Item:
    """A login in the vault that mirrors one value of the SOPS file."""

    name: str
    path: str
    collection: str
    username: str
    uri: str


def placed(namespace: str, secret: str, **keys: str) -> tuple[Placement, ...]:
    """Return what one Secret holds: its keys, each with the path of its value."""
    return tuple(Placement(path, namespace, secret, key) for key, path in keys.items())
