"""Which slots a stopped renewal has left open, by the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.platform import Platform
from engine.ledger import Event
from engine.stopped import Stopped, ended_otherwise, has_published


def stopped_renewal(platform: Platform, slot: str) -> Stopped | None:
    """Return the newest stopped renewal that leaves this slot open; raise `LedgerDown`.

    None for what is no slot, without a look into the ledger.
    """
    return stopped_renewals(platform, [slot]).get(slot)


def stopped_renewals(platform: Platform, slots: Iterable[str]) -> dict[str, Stopped]:
    """Return the stopped renewal of each slot that is left open, for the slot beside it as well."""
    catalogue = platform.catalogue
    pairs = {frozenset((slot, other)) for slot in slots if (other := catalogue.beside_of(slot))}
    found: dict[str, Stopped] = {}
    if not pairs:
        return found
    with platform.journal as journal:
        entries = journal.of(Event.RUN_STARTED, Event.RUN_ENDED)
        for pair in pairs:
            candidates = ended_otherwise(entries, pair)
            published = (c for c in candidates if has_published(c.run, journal.entries(c.run)))
            newest = next(published, None)
            if newest is not None:
                found |= dict.fromkeys(pair, newest)
    return found
