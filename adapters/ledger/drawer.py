"""The drawer of sealed values: age armour beside the chain, for as long as the run lives.

The entry with which a value is put in carries the digest of its armour, which is random and tells
nothing of the value. So nobody can lay another value into the drawer, sealed to the public key as
anybody can, and have a run carry it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from adapters.ledger.tables import ENTRIES, SEALED
from engine.errors import ChainBroken
from engine.ledger import Draft, parsed

FIELD = "armour"
"""Where an entry has the digests, name by name."""
MARK = f'%"{FIELD}":%'
"""What is in the details of such an entry, for SQL's LIKE."""


def vouched(draft: Draft, armour: Mapping[str, str]) -> Draft:
    """Return the draft with the digest of each armour among its details."""
    digests = {name: digest(text) for name, text in armour.items()}
    return replace(draft, details={**draft.details, FIELD: digests})


def digest(armour: str) -> str:
    """Return how an entry speaks of an armour: `sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(armour.encode()).hexdigest()


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
    """Return (step, name) to armour; raise `ChainBroken` for one that no entry vouches for."""
    rows = connection.execute(
        select(SEALED.c.step, SEALED.c.name, SEALED.c.armour).where(SEALED.c.run == run)
    ).all()
    known = _vouched_for(connection, run) if rows else {}
    for step, name, armour in rows:
        if known.get((step, name)) != digest(armour):
            raise ChainBroken(
                f"the value {name} of step {step or 'none'} in the drawer of run {run} is not the "
                "one that was put there",
                hint="Use it nowhere: somebody wrote into the ledger's tables. End the run.",
            )
    return {(step, name): armour for step, name, armour in rows}


def empty(connection: Connection, run: str) -> None:
    """Delete all the run put in."""
    connection.execute(delete(SEALED).where(SEALED.c.run == run))


def _vouched_for(connection: Connection, run: str) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        select(ENTRIES.c.step, ENTRIES.c.details)
        .where(ENTRIES.c.run == run, ENTRIES.c.details.like(MARK))
        .order_by(ENTRIES.c.sequence)
    )
    return {
        (row.step, name): it for row in rows for name, it in digests_in(parsed(row.details)).items()
    }


def digests_in(details: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the digest of each armour that came with an entry, by name."""
    found = details.get(FIELD, {})
    return found if isinstance(found, dict) else {}
