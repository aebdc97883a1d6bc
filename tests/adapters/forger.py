"""Somebody who may write into the ledger's tables as they like, and knows how a hash is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, create_engine, insert, select, text

from adapters.ledger.addresses import address_of
from adapters.ledger.tables import ENTRIES, METADATA

Row = dict[str, Any]
COLUMNS = [column.name for column in ENTRIES.columns]


class Forger:
    """Writes past the store, straight into the tables of the ledger at `url`."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(address_of(url))
        self._whole = {table.name: self._read(table) for table in METADATA.sorted_tables}

    def close(self) -> None:
        self._engine.dispose()

    def restore(self) -> None:
        """Bring every table back to what it was in the beginning."""
        with self._engine.begin() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(table.delete())
                if self._whole[table.name]:
                    connection.execute(insert(table), self._whole[table.name])

    def sql(self, statement: str, **values: object) -> None:
        """Execute one statement."""
        with self._engine.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self) -> list[Row]:
        """Return the entries, in order."""
        return sorted(self._read(ENTRIES), key=lambda row: int(row["sequence"]))

    def put(self, rows: Sequence[Row]) -> None:
        """Let these be all the entries there are."""
        with self._engine.begin() as connection:
            connection.execute(ENTRIES.delete())
            if rows:
                connection.execute(insert(ENTRIES), list(rows))

    def edit(self, sequence: int, *, anew: str = "", **columns: object) -> None:
        """Change one entry; hash it `anew` alone ("one"), or with all that follow ("rest")."""
        self.change(lambda rows: rows[sequence - 1].update(columns))
        if anew:
            self.change(lambda rows: link(rows, sequence, alone=anew == "one"))

    def change(self, deed: Callable[[list[Row]], object]) -> None:
        """Do something to the list of entries, and put it back."""
        rows = self.rows()
        deed(rows)
        self.put(rows)

    def _read(self, table: Table) -> list[Row]:
        with self._engine.begin() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]


def link(rows: list[Row], start: int = 1, *, alone: bool = False) -> None:
    """Give the entries from place `start` on the hashes that make a sound chain of them."""
    for place in range(start, start + 1 if alone else len(rows) + 1):
        row = rows[place - 1]
        if not alone:
            row["sequence"] = place
            row["previous"] = rows[place - 2]["hash"] if place > 1 else "0" * 64
        row["hash"] = hashlib.sha256(b"runbook-ledger/1\n" + spelled(row)).hexdigest()


def spelled(row: Mapping[str, Any]) -> bytes:
    """Spell a row as it would be hashed, with what stands in `actor` and `details` as it stands."""
    raw = {"actor", "details"}
    parts = (
        f'"{name}":{row[name] if name in raw else json.dumps(row[name], ensure_ascii=False)}'
        for name in sorted(COLUMNS)
        if name != "hash"
    )
    return f"{{{','.join(parts)}}}".encode()
