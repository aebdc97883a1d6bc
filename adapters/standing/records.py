"""Whether there is a ledger to ask, found out without making one."""

from __future__ import annotations

from pathlib import Path

from adapters.ledger import LedgerSettings
from adapters.ledger.addresses import address_of, is_sqlite


def is_ledger_there(settings: LedgerSettings) -> bool:
    """Tell whether the settings name a ledger that may be asked; a missing file is not made.

    Of a server it is only known that it is named; asking it says the rest. Raises `Refused` for
    an address that cannot hold a ledger.
    """
    if not settings.url:
        return False
    address = address_of(settings.url)
    database = address.database or ""
    if not is_sqlite(address) or database.startswith("file:"):
        return True
    file = Path(database)
    return file.is_file() and file.stat().st_size > 0
