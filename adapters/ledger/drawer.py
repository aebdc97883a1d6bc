"""The drawer of sealed values: age armour beside the chain, for as long as the run lives."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from adapters.ledger.tables import SEALED
from engine.ledger import Draft


def put(connection: Connection, draft: Draft, armour: Mapping[str, str]) -> None:
    """Put values in under the draft's run and step; one of the same name is replaced."""
    place = {"run": draft.run, "step": draft.step}
    connection.execute(
        delete(SEALED).where(
            SEALED.c.run == draft.run, SEALED.c.step == draft.step, SEALED.c.name.in_(armour)
        )
    )
    connection.execute(
        insert(SEALED), [{**place, "name": name, "armour": text} for name, text in armour.items()]
    )


def read(connection: Connection, run: str) -> dict[tuple[str, str], str]:
    """Return (step, name) to armour."""
    rows = connection.execute(
        select(SEALED.c.step, SEALED.c.name, SEALED.c.armour).where(SEALED.c.run == run)
    )
    return {(step, name): armour for step, name, armour in rows}


def empty(connection: Connection, run: str) -> None:
    """Delete all the run put in."""
    connection.execute(delete(SEALED).where(SEALED.c.run == run))
