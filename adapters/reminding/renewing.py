"""Which certificate people must not forget while a run renews it: the older one, until the run is over.

As soon as a run has written the newer one, that is the one of the two slots that ends last. Banks
may know the older one alone until each of them is settled, which takes weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adapters.certificates import Look
from adapters.platform import Platform
from engine.certificates import Seen
from engine.journal import resource_of
from engine.ledger import timestamp


@dataclass(frozen=True)
class Used:
    """One certificate that is in use."""

    look: Look
    seen: Seen
    run: str = ""
    """The live run that renews it; empty where none does."""
    into: str = ""
    """The slot that is written at the renewal; empty where there are none, or it cannot be told."""


def used_certificates(platform: Platform, looks: Iterable[Look]) -> tuple[Used, ...]:
    """Return what each look found to be in use; raise `LedgerDown` if there are slots and no ledger."""
    known = [look for look in looks if look.seen is not None]
    live = _live(platform, (slot for look in known for slot in look.entry.slots))
    return tuple(_used(look, look.seen, live) for look in known if look.seen is not None)


def _used(look: Look, seen: Seen, live: Mapping[str, tuple[str, str]]) -> Used:
    if look.slot in live and look.beside is not None:
        run, began = live[look.slot]
        if timestamp(look.beside.ends) > began:  # else it was over before, and replaces nothing
            return Used(look, look.beside, run, look.slot)
    others = (live[slot][0] for slot in look.entry.slots if slot in live and slot != look.slot)
    return Used(look, seen, next(others, ""), look.into)


def _live(platform: Platform, slots: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return for each slot that a live run writes that run, and when it began.

    A run holds the other slot as well, and leaves it as it is.
    """
    wanted = set(slots)
    if not wanted:
        return {}
    with platform.journal as journal:
        holders = journal.holders()
        runs = {slot: holders.get(resource_of(slot), "") for slot in wanted}
        begun = {slot: journal.entries(run)[0] for slot, run in runs.items() if run}
        return {
            slot: (entry.run, entry.at)
            for slot, entry in begun.items()
            if entry.details.get("secret") == slot
        }
