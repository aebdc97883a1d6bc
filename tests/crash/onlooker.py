"""Which boundaries differ: between two of them something outside changed, or nothing did.

In a dry pass the run waits at every boundary until the onlooker has looked at the world. A kill at
either of two boundaries with the same world leaves the same world to the next pick-up, so the
matrix needs only the edges of each stretch. Nothing is assumed about what a program or a request
does: it is looked at.
"""

from __future__ import annotations

import hashlib
import socket
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx

from tests.crash.boundary import Boundary
from tests.crash.voyage import Voyage


@dataclass(frozen=True)
class Look:
    """A boundary, and a digest of the world as it was there."""

    boundary: Boundary
    world: str


@dataclass
class Onlooker:
    """Listens at a socket for a run that waits at its boundaries."""

    voyage: Voyage
    looks: list[Look] = field(default_factory=list)
    prefect: str = ""

    def __post_init__(self) -> None:
        self.address = self.voyage.folder / "onlooker"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.address))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                said = connection.recv(4096).decode()
                here = Boundary.parse(said)
                self.looks.append(Look(here, self._digest(here)))
                connection.send(b"+")

    def _digest(self, here: Boundary) -> str:
        world = self.voyage.world
        if here.kind == "prefect" and here.what.startswith("after") and "GET" not in here.what:
            self.prefect = _prefect(self.voyage)
        seen = [
            _references(world.layout.remote),
            _ledger(self.voyage.state_folder / "ledger.db"),
            sorted(world.vaultwarden.counts().items()),
            world.cluster.store.version,
            [ring.states() for ring in world.rings.values()],
            (world.authentik.changes, world.forgejo.changes, world.vaultwarden.disabled()),
            world.database.states() if world.database else None,
            self.prefect,
        ]
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _references(remote: Path) -> list[tuple[str, str]]:
    found = []
    for path in sorted((remote / "refs").rglob("*")):
        with suppress(OSError):  # it may be gone by now
            if path.is_file():
                found.append((path.name, path.read_text()))
    return found


def _ledger(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.OperationalError):
        return int(connection.execute("SELECT max(sequence) FROM entries").fetchone()[0] or 0)
    return 0  # no tables yet


def _prefect(voyage: Voyage) -> str:
    """Return the state of the run at Prefect, and which forms and answers it holds."""
    base = f"{voyage.harbour.api_url}/flow_runs/{voyage.run}"
    state = httpx.get(base).json()["state"]
    kept = httpx.post(f"{base}/input/filter", json={"prefix": ""}).json()
    names = sorted(each["key"] for each in kept)
    return f"{state['name']} {state['id']} {names}"


def edges(looks: list[Look]) -> list[tuple[Boundary, Boundary]]:
    """Return the boundaries before and after each change of the world."""
    return [(a.boundary, b.boundary) for a, b in pairwise(looks) if a.world != b.world]
