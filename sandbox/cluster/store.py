"""The objects of the cluster, with versions, generations and owners as etcd and the API keep them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock, stamp
from sandbox.cluster.ownership import Owners, claim, managed_fields
from sandbox.documents import copied

if TYPE_CHECKING:
    from sandbox.cluster.resources import Resource

Tree = dict[str, Any]
Key = tuple[str, str, str]
Listener = Callable[["Resource", Tree], None]
Change = Callable[[Tree], None]


class Missing(LookupError):
    """There is no such object."""


class Store:
    """Objects by kind, namespace and name; what comes out is always a copy."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._version = 1000
        self._objects: dict[Key, Tree] = {}
        self._owners: dict[Key, Owners] = {}
        self._listeners: list[Listener] = []
        self.lock = threading.RLock()

    def listen(self, listener: Listener) -> None:
        """Call `listener` after each change of an object, with a copy of it."""
        self._listeners.append(listener)

    def get(self, resource: Resource, namespace: str, name: str) -> Tree:
        """Return one object; raise `Missing` if there is none."""
        with self.lock:
            key = _key(resource, namespace, name)
            if key not in self._objects:
                message = f"{resource.full_name} {namespace}/{name} is not there"
                raise Missing(message)
            return self._rendered(key)

    def has(self, resource: Resource, namespace: str, name: str) -> bool:
        """Tell whether an object is there."""
        with self.lock:
            return _key(resource, namespace, name) in self._objects

    def list(self, resource: Resource, namespace: str | None = None) -> list[Tree]:
        """Return the objects of a kind, in one namespace or in all, by name."""
        with self.lock:
            return [
                self._rendered(key)
                for key in sorted(self._objects)
                if key[0] == resource.full_name and namespace in (None, key[1])
            ]

    def owners(self, resource: Resource, namespace: str, name: str) -> Owners:
        """Return who owns which field of an object."""
        with self.lock:
            return dict(self._owners[_key(resource, namespace, name)])

    @property
    def version(self) -> str:
        """The newest resource version."""
        return str(self._version)

    def add(
        self, resource: Resource, manifest: Tree, manager: str, operation: str = "Update"
    ) -> Tree:
        """Create an object and return it."""
        with self.lock:
            new = copied(manifest)
            new |= {"apiVersion": resource.api_version, "kind": resource.kind}
            meta = new["metadata"]
            meta.setdefault("uid", str(uuid.uuid4()))
            meta["creationTimestamp"] = stamp(self._clock.now())
            meta["resourceVersion"] = self._next_version()
            if "spec" in new:
                meta["generation"] = 1
            key = _key(resource, meta.get("namespace", ""), meta["name"])
            self._objects[key] = new
            self._owners[key] = claim({}, {}, new, manager, operation)
            return self._announce(resource, key)

    def change(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Change,
        *,
        manager: str | None = None,
        operation: str = "Update",
    ) -> Tree:
        """Let `change` edit a copy of the object and keep the result; return it.

        Nothing happens, and the resource version stays, when nothing is different. Without a
        manager the change is a controller's (status and the like) and no owner is noted.
        """
        with self.lock:
            key = _key(resource, namespace, name)
            old = self._objects.get(key)
            if old is None:
                message = f"{resource.full_name} {namespace}/{name} is not there"
                raise Missing(message)
            new = copied(old)
            change(new)
            if new == old:
                return self._rendered(key)
            new["metadata"]["resourceVersion"] = self._next_version()
            if new.get("spec") != old.get("spec"):
                new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
            self._objects[key] = new
            if manager is not None:
                self._owners[key] = claim(self._owners[key], old, new, manager, operation)
            return self._announce(resource, key)

    def remove(self, resource: Resource, namespace: str, name: str) -> None:
        """Delete an object, if it is there."""
        with self.lock:
            self._objects.pop(_key(resource, namespace, name), None)
            self._owners.pop(_key(resource, namespace, name), None)
            self._next_version()

    def _announce(self, resource: Resource, key: Key) -> Tree:
        new = self._rendered(key)
        for listener in self._listeners:
            listener(resource, new)
        return new

    def _rendered(self, key: Key) -> Tree:
        found = copied(self._objects[key])
        meta = found["metadata"]
        owners, moment = self._owners[key], meta["creationTimestamp"]
        meta["managedFields"] = managed_fields(owners, found["apiVersion"], moment)
        return found

    def _next_version(self) -> str:
        self._version += 1
        return str(self._version)


def _key(resource: Resource, namespace: str, name: str) -> Key:
    return (resource.full_name, namespace, name)
