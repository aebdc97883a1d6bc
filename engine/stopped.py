"""Renewals that were stopped half-way: banks may need what either of their two slots holds.

Once the new pair is published, the one that ends last need not be the one that the banks know. Who
stops a run then leaves that open, until a later renewal of the same slots has come to its end.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.errors import Refused
from engine.fold import fold
from engine.ledger import Entry, Event
from engine.state import Outcome, Status

PUBLISHES = "git.publish"
"""The step from which on the new pair may be in use."""
SETTLED = "settled"
"""The input of a renewal by which people answer for it that the slot may be written over."""


@dataclass(frozen=True)
class Stopped:
    """A renewal that ended neither completed nor taken back after it had published."""

    run: str
    slot: str
    """The slot that it wrote."""
    began: str
    """As the ledger spells time."""
    ended: str

    @property
    def told(self) -> str:
        """Say what it leaves open, as a sentence."""
        return (
            f"run {self.run} was stopped after it had published {self.slot}, so that a bank may "
            "need what either of the two slots holds"
        )


def ended_otherwise(entries: Iterable[Entry], slots: Collection[str]) -> tuple[Stopped, ...]:
    """Return the runs about these slots that may have to be settled, the newest first.

    `entries` are all of `run.started` and `run.ended`, in order. What ended before a run about the
    same slots completed is settled by it. Whether a run published is not looked at here.
    """
    begun: dict[str, Entry] = {}
    found: list[Stopped] = []
    for entry in entries:
        if entry.event is Event.RUN_STARTED and entry.details.get("secret") in slots:
            begun[entry.run] = entry
        elif entry.event is Event.RUN_ENDED and entry.run in begun:
            start, outcome = begun[entry.run], entry.details["outcome"]
            if outcome == Outcome.COMPLETED:
                found.clear()
            elif outcome != Outcome.ROLLED_BACK:
                slot = str(start.details["secret"])
                found.append(Stopped(entry.run, slot, start.at, entry.at))
    return tuple(reversed(found))


def has_published(run: str, entries: Iterable[Entry]) -> bool:
    """Tell whether what a run wrote may have reached main, and was not taken back from there.

    A publication that was begun counts, since nobody knows how far it came.
    """
    state = fold(run, entries)
    try:
        steps = json.loads(state.plan_text)["steps"]
        publishing = [state.step(each["id"]) for each in steps if each["uses"] == PUBLISHES]
    except (ValueError, KeyError, TypeError):
        return True  # it cannot be told any more which of its steps publishes
    return any(held.touched and held.status is not Status.UNDONE for held in publishing)


def refuse_unsettled(stopped: Stopped | None, slot: str, settled: str = "") -> None:
    """Raise `Refused` if the slot is left open, and nobody has said why no bank needs it."""
    if stopped is None or settled.strip():
        return
    raise Refused(
        f"{slot} may not be written over: {stopped.told}",
        hint=f"Look at each bank which certificate it has; `runbook status {stopped.run}` tells how "
        f"far each was. Once no bank needs what {slot} holds, start the renewal with `{SETTLED}` "
        "saying why. If banks need it, renew into the other slot in this way.",
    )
