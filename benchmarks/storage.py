"""Where Prefect and the ledger of a stage keep what they keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sandbox.postgresql import find_programs, running_postgres


@dataclass(frozen=True)
class Storage:
    """What a stage is told of it."""

    extra: Mapping[str, str] = field(default_factory=dict)
    """For the environment of its programs."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """For the settings of the engine."""


FILES = Storage()
"""Files of SQLite, as on one machine where nothing is said."""


@contextmanager
def in_postgresql() -> Iterator[Storage]:
    """Yield two databases of a new server, as it comes out of the box: one for each of the two."""
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed"
    with (
        running_postgres(programs) as server,
        server.new_database() as prefect,
        server.new_database() as ledger,
    ):
        address = server.url(prefect, driver="asyncpg")
        yield Storage(
            extra={"PREFECT_SERVER_DATABASE_CONNECTION_URL": address},
            changes={"ledger": {"url": server.url(ledger)}},
        )


def storages() -> dict[str, Callable[[], AbstractContextManager[Storage]]]:
    """Return each kind that this machine has, by its name."""
    found: dict[str, Callable[[], AbstractContextManager[Storage]]] = {
        "SQLite": lambda: nullcontext(FILES)
    }
    if find_programs() is not None:
        found["PostgreSQL"] = in_postgresql
    return found
