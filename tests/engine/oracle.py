"""What the entries of a run allow, by simpler rules than the engine's: it reads, and folds nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.ledger import Entry, Event
from engine.state import Kind

ENDS_WELL = frozenset({Event.STEP_SUCCEEDED, Event.STEP_FOUND_DONE})
ENDS_BADLY = frozenset({Event.STEP_STARTED, Event.STEP_FAILED, Event.GATE_REJECTED})


def is_settled(entries: Iterable[Entry], step: str, *, needed: int, may_skip: bool) -> bool:
    """Tell whether the step is over for good: it ended well, was left out, or was vouched for."""
    settled, vouched = False, set[str]()
    for entry in entries:
        if entry.step != step:
            continue
        if entry.event in ENDS_WELL or (may_skip and entry.event is Event.GATE_SKIPPED):
            settled = True
        elif entry.event in ENDS_BADLY:
            settled = False
            vouched = set() if entry.event is Event.STEP_STARTED else vouched
        elif entry.event is Event.FAILURE_DECIDED and entry.details["decision"] == "mark done":
            vouched.add(entry.actor.subject)
            settled = settled or len(vouched) >= needed
    return settled


def is_refused(entries: Sequence[Entry], step: str) -> bool:
    """Tell whether somebody's no stands against the step: the last word on it, or on the run."""
    refused = False
    for entry in entries:
        is_no = entry.event is Event.GATE_REJECTED and entry.details["kind"] == Kind.STEP
        if is_no and entry.details["harmless"]:
            return True
        if entry.step == step and (is_no or entry.event is Event.FAILURE_DECIDED):
            refused = is_no
    return refused
