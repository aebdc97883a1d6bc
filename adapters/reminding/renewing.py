"""Which certificate people must not forget while a run renews it: the older one, until the run is over.

As soon as a run has written the newer one, that is the one of the two slots that ends last. Banks
may know the older one alone until each of them is settled, which takes weeks. Where the run was
stopped meanwhile, nobody knows which of the two a bank needs: both are reminded of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapters.certificates import Look, stopped_renewals
from adapters.platform import Platform
from engine.certificates import Seen
from engine.journal import resource_of
from engine.ledger import timestamp
from engine.stopped import Stopped


@dataclass(frozen=True)
class Used:
    """One certificate that is in use."""

    look: Look
    seen: Seen
    run: str = ""
    """The live run that renews it; empty where none does."""
    into: str = ""
    """The slot that is written at the renewal; empty where there are none, or it cannot be told."""
    stopped: Stopped | None = None
    """The renewal that was stopped and leaves it open whether banks need this one."""


def used_certificates(platform: Platform, looks: Iterable[Look]) -> tuple[Used, ...]:
    """Return what each look found to be in use; raise `LedgerDown` if there are slots and no ledger."""
    known = [look for look in looks if look.seen is not None]
    slots = {slot for look in known for slot in look.entry.slots}
    live, stopped = _live(platform, slots), stopped_renewals(platform, slots)
    return tuple(
        used
        for look in known
        if look.seen is not None
        for used in _used(look, look.seen, live, stopped.get(look.slot))
    )


def _used(
    look: Look, seen: Seen, live: Mapping[str, tuple[str, str]], stopped: Stopped | None
) -> Iterator[Used]:
    run, began = live.get(look.slot, ("", ""))
    others = (live[slot][0] for slot in look.entry.slots if slot in live and slot != look.slot)
    other = next(others, "")
    stopped = None if run or other else stopped
    if stopped is not None and stopped.slot == look.slot:
        began = stopped.began
    # One that was over before the run began was replaced by nothing.
    if began and look.beside is not None and timestamp(look.beside.ends) > began:
        yield Used(look, look.beside, run, look.slot, stopped)
        if run:
            return
    yield Used(look, seen, other, look.into, stopped)


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
