"""What a database said, as `LedgerDown`: its own first line, our next move, and no secret.

Codes: PostgreSQL 15, appendix A (SQLSTATE); SQLite, "Result and Error Codes". Only the first line
of a database's text is kept: later ones may quote the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapters.ledger.addresses import is_sqlite, passwords, shown
from engine.errors import LedgerDown

_Hints = tuple[tuple[str, str], ...]

_POSTGRESQL_HINTS: _Hints = (
    ("42501", "Let its owner run adapters/ledger/postgres.sql, which makes the tables and grants."),
    ("42", "The tables are not the ledger's; adapters/ledger/postgres.sql makes them."),
    ("25006", "It takes no writes: use the primary, not a standby, or end its read-only mode."),
    ("28", "Check the role and its password."),
    ("3D000", "Create the database, or correct its name in ledger.url."),
    ("53100", "Its disk is full: make room, then resume the run."),
    ("53300", "It has too many connections: raise max_connections or run fewer workers."),
    ("55P03", "Another writer kept the ledger too long: look for it in pg_stat_activity."),
    ("57014", "It took too long: look at the load of the database, then resume the run."),
)
_POSTGRESQL_HINT = (
    "Check that the database is up and that ledger.url is right, then resume the run."
)

_SQLITE_HINTS: _Hints = (
    ("SQLITE_READONLY", "Make the file and its folder writable for the engine's user."),
    ("SQLITE_FULL", "Its disk is full: make room, then resume the run."),
    ("SQLITE_IOERR", "Its disk is full or failing: make room or repair it, then resume the run."),
    ("SQLITE_BUSY", "Another program kept the file locked too long: find it and end it."),
    (
        "SQLITE_CANTOPEN",
        "Create its folder, writable for the engine's user, or correct ledger.url.",
    ),
    ("SQLITE_NOTADB", "The file is no SQLite database: correct ledger.url."),
    ("SQLITE_CORRUPT", "The file is damaged: keep it, and restore the ledger from a backup."),
    ("SQLITE_ERROR", "The tables are not the ledger's: correct ledger.url."),
)
_SQLITE_HINT = "Check the file, its folder and its disk, then resume the run."


@contextmanager
def reported_as_ledger_down(address: URL) -> Iterator[None]:
    """Let every database failure inside leave as `LedgerDown`."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise ledger_down(address, error) from None


def ledger_down(address: URL, error: Exception) -> LedgerDown:
    """Say where the ledger is, what it said, and what to do."""
    origin = error.orig if isinstance(error, DBAPIError) and error.orig else error
    said = _first_line(origin)
    for secret in passwords(address):
        said = said.replace(secret, "***")
    return LedgerDown(f"the ledger at {shown(address)} failed: {said}", hint=_hint(address, origin))


def _first_line(origin: BaseException) -> str:
    if isinstance(origin, OSError) and origin.strerror:
        return origin.strerror.lower()
    lines = str(origin).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(origin).__name__


def _hint(address: URL, origin: BaseException) -> str:
    if is_sqlite(address):
        code, hints, otherwise = "sqlite_errorname", _SQLITE_HINTS, _SQLITE_HINT
    else:
        code, hints, otherwise = "sqlstate", _POSTGRESQL_HINTS, _POSTGRESQL_HINT
    found = getattr(origin, code, None) or ""
    return next((hint for start, hint in hints if found.startswith(start)), otherwise)
