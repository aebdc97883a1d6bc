"""Sessions, sign-ins under way and tokens, in one SQLite file: only hashes of what is secret.

What is drawn here has 256 bits, so a plain SHA-256 of it can be neither guessed nor looked up.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Refused

_TABLES = """
CREATE TABLE IF NOT EXISTS held (
    kind TEXT NOT NULL, hash TEXT NOT NULL, told TEXT NOT NULL,
    seen INTEGER NOT NULL, ends INTEGER NOT NULL, PRIMARY KEY (kind, hash)
);
CREATE INDEX IF NOT EXISTS held_ends ON held (ends);
"""
SWEEP = 60
"""Seconds between two removals of what has ended."""


@dataclass(frozen=True)
class Held:
    """Something that was stored."""

    told: Mapping[str, Any]
    seen: int
    ends: int


def digest(secret: str) -> str:
    """Return what is stored in a secret's place."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def clock() -> int:
    """Return the moment, in seconds of the epoch."""
    return int(time.time())


class Store:
    """Things that are found by a secret and end by themselves; safe to share between threads."""

    def __init__(self, path: Path, *, now: Callable[[], int] = clock) -> None:
        """Open the file, made with mode 0600 where there is none; raise `Refused` if it cannot be."""
        try:
            path.touch(mode=0o600, exist_ok=True)
            self._database = sqlite3.connect(
                path, timeout=10, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            told = f"the gateway's state cannot be kept at {path}: {type(error).__name__}"
        else:
            self._lock = threading.Lock()
            self.now = now
            self._swept = 0
            return
        raise Refused(told, hint="Name a file in a folder of its own as gateway.state_file.")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def new(self, kind: str, told: Mapping[str, Any], ends: int) -> str:
        """Draw a secret, keep `told` under its hash until `ends`, and return it."""
        secret = secrets.token_urlsafe(32)
        self.put(kind, secret, told, ends)
        return secret

    def put(self, kind: str, secret: str, told: Mapping[str, Any], ends: int) -> None:
        """Keep `told` under the hash of `secret`, in the place of what was there."""
        row = (kind, digest(secret), json.dumps(dict(told)), self.now(), ends)
        self._run("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?)", row)

    def find(self, kind: str, secret: str) -> Held | None:
        """Return what is kept under `secret`, if it has not ended."""
        rows = self._run(
            "SELECT told, seen, ends FROM held WHERE kind = ? AND hash = ? AND ends > ?",
            (kind, digest(secret), self.now()),
        )
        return Held(json.loads(rows[0][0]), rows[0][1], rows[0][2]) if rows else None

    def take(self, kind: str, secret: str) -> Held | None:
        """Return what is kept under `secret` and forget it, so that one alone gets it."""
        rows = self._run(
            "DELETE FROM held WHERE kind = ? AND hash = ? AND ends > ? RETURNING told, seen, ends",
            (kind, digest(secret), self.now()),
        )
        return Held(json.loads(rows[0][0]), rows[0][1], rows[0][2]) if rows else None

    def touch(self, kind: str, secret: str) -> None:
        """Note that it is in use."""
        self._run(
            "UPDATE held SET seen = ? WHERE kind = ? AND hash = ?",
            (self.now(), kind, digest(secret)),
        )

    def all(self, kind: str) -> Mapping[str, Held]:
        """Return all of a kind that has not ended, by hash."""
        rows = self._run(
            "SELECT hash, told, seen, ends FROM held WHERE kind = ? AND ends > ? ORDER BY rowid",
            (kind, self.now()),
        )
        return {row[0]: Held(json.loads(row[1]), row[2], row[3]) for row in rows}

    def forget(self, kind: str, hashed: str) -> bool:
        """Forget what is kept under this hash; tell whether there was something."""
        return bool(
            self._run("DELETE FROM held WHERE kind = ? AND hash = ? RETURNING hash", (kind, hashed))
        )

    def _run(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            if self.now() - self._swept > SWEEP:
                self._swept = self.now()
                self._database.execute("DELETE FROM held WHERE ends <= ?", (self._swept,))
            with closing(self._database.execute(statement, values)) as cursor:
                return cursor.fetchall()
