"""The ledger on a database: SQLite by default, PostgreSQL by URL, the same code for both.

`SqlJournal` keeps the promises of `engine.journal.Journal`. What an entry is and how the chain is
checked stays in `engine.ledger`; this package only makes entries durable, one after the other.
"""

from adapters.ledger.addresses import from_folder
from adapters.ledger.opening import check, open_journal
from adapters.ledger.settings import LedgerSettings
from adapters.ledger.store import SqlJournal

__all__ = ["LedgerSettings", "SqlJournal", "check", "from_folder", "open_journal"]
