"""Signs of life of the workers, beside the chain: who is at work, and who inherits from whom.

No clock is compared with another: a worker counts beats, and whoever looks measures with a clock of
its own for how long a count has stood still. So it does not matter whether hosts agree on the time.
A worker that was given up finds, at its next beat, that its life is not the one in the row any
more, or that it has an heir, and must stop at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from adapters.ledger.store import SqlJournal
from adapters.ledger.tables import WORKERS

NOBODY = ""


@dataclass(frozen=True)
class Worker:
    """One row: a worker that is at work, or that died and has runs to be settled."""

    pool: str
    name: str
    life: str
    """Another one for each start under the same name."""
    beat: int
    """Raised by the worker, again and again, while it lives."""
    patience: int
    """Seconds for which `beat` must have stood still before this worker may be given up."""
    place: str
    """Where it runs: within one place no two workers of a name can be at work."""
    heir: str
    """Name of the worker that settles its runs; empty while it is not given up."""


class Workers:
    """The workers of all pools, in the database of the ledger; each call raises `LedgerDown`."""

    def __init__(self, journal: SqlJournal) -> None:
        """Take the ledger, which stays the caller's to close."""
        self._journal = journal

    def enter(self, pool: str, name: str, place: str, patience: int) -> str:
        """Begin a life under this name and return it; one before it under the name is over.

        What the life before was to inherit is inherited by this one.
        """
        life = uuid.uuid4().hex
        row = {
            "life": life,
            "beat": 0,
            "patience": patience,
            "place": place,
            "heir": NOBODY,
        }
        mine = (WORKERS.c.pool == pool, WORKERS.c.name == name)
        with self._journal.writing() as connection:
            if connection.execute(update(WORKERS).where(*mine).values(row)).rowcount == 0:
                connection.execute(insert(WORKERS).values(pool=pool, name=name, **row))
        return life

    def beat(self, life: str) -> bool:
        """Show that this life goes on; False where it was given up, or another one began."""
        alive = (WORKERS.c.life == life, WORKERS.c.heir == NOBODY)
        with self._journal.writing() as connection:
            changed = connection.execute(
                update(WORKERS).where(*alive).values(beat=WORKERS.c.beat + 1)
            )
            return changed.rowcount == 1

    def leave(self, life: str) -> None:
        """End a life that leaves no run behind; what it was to inherit waits for another heir."""
        with self._journal.writing() as connection:
            own = connection.execute(select(WORKERS).where(WORKERS.c.life == life)).one_or_none()
            if own is not None:
                connection.execute(delete(WORKERS).where(WORKERS.c.life == life))
                connection.execute(
                    update(WORKERS)
                    .where(WORKERS.c.pool == own.pool, WORKERS.c.heir == own.name)
                    .values(heir=NOBODY)
                )

    def find(self, pool: str) -> Sequence[Worker]:
        """Return the workers of a pool, by name."""
        wanted = select(WORKERS).where(WORKERS.c.pool == pool).order_by(WORKERS.c.name)
        with self._journal.reading() as connection:
            return tuple(Worker(**row) for row in connection.execute(wanted).mappings())

    def inherit(self, dead: Worker, heir: str) -> bool:
        """Give a worker up, as it was seen, and become its heir; False where it is not so any more.

        Whom it was to inherit from is inherited by the same heir, so there is one heir at any time.
        """
        unchanged = (
            WORKERS.c.life == dead.life,
            WORKERS.c.beat == dead.beat,
            WORKERS.c.heir == NOBODY,
        )
        with self._journal.writing() as connection:
            if (
                connection.execute(update(WORKERS).where(*unchanged).values(heir=heir)).rowcount
                == 0
            ):
                return False
            connection.execute(
                update(WORKERS)
                .where(WORKERS.c.pool == dead.pool, WORKERS.c.heir == dead.name)
                .values(heir=heir)
            )
            return True

    def inherits(self, dead: Worker, heir: str, life: str) -> bool:
        """Tell whether this heir, in this life, still is the one to settle the runs of `dead`."""
        lives = select(WORKERS.c.name).where(
            WORKERS.c.life == life, WORKERS.c.name == heir, WORKERS.c.heir == NOBODY
        )
        left = select(WORKERS.c.name).where(WORKERS.c.life == dead.life, WORKERS.c.heir == heir)
        with self._journal.reading() as connection:
            return all(connection.execute(each).first() is not None for each in (lives, left))

    def settled(self, dead: Worker, heir: str) -> None:
        """Forget a worker none of whose runs is left."""
        gone = (WORKERS.c.life == dead.life, WORKERS.c.heir == heir)
        with self._journal.writing() as connection:
            connection.execute(delete(WORKERS).where(*gone))
