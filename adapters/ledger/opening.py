"""From settings to a journal, and the look `runbook doctor` takes at it."""

from __future__ import annotations

from sqlalchemy import URL

from adapters.ledger.addresses import address_of, is_sqlite, shown
from adapters.ledger.settings import LedgerSettings
from adapters.ledger.store import SqlJournal
from adapters.shared.files import read_secret
from engine.errors import Refused


def open_journal(settings: LedgerSettings) -> SqlJournal:
    """Return the journal of the settings; it connects on first use.

    Raises `Refused` when the settings name no place a ledger can be kept, or its password cannot
    be read.
    """
    return SqlJournal(_address(settings))


def check(settings: LedgerSettings) -> str:
    """Return where the ledger is, how long, and on what database; raise `LedgerDown`."""
    with open_journal(settings) as journal:
        return f"the ledger at {shown(_address(settings))} has {journal.describe()}"


def _address(settings: LedgerSettings) -> URL:
    if not settings.url:
        raise Refused(
            "there is no place for the ledger",
            hint="Set ledger.url, e.g. to sqlite:////<path>/ledger.db.",
        )
    address = address_of(settings.url)
    if settings.password_file is None or is_sqlite(address):
        return address
    password = read_secret(settings.password_file, "the ledger's password")
    return address.set(password=password.get_secret_value())
