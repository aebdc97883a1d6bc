"""What the entries of a run allow, by simpler rules than the engine's: it reads, and folds nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.decision import Answer
from engine.ledger import Entry, Event
from engine.state import Kind, Opening

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


def may_decide(entries: Sequence[Entry], opening: Opening, answer: Answer) -> None:
    """Assert that an answer which counts is one that may: by whom, what, and how far."""
    who, said = answer.actor.subject, answer.decision
    assert who != "mallory", "somebody of no group decides"
    if opening.step == "revoke":
        assert who in {"anna", "ada"}, "somebody decides who is no admin"
        assert who != entries[0].actor.subject, "the initiator decides where another is asked for"
    elif said == "approve" and opening.kind is Kind.STEP:
        assert answer.through != "revoke", "a yes reaches past a stricter gate"
    assert said != "skip" or opening.step == "shine", "a step is left out that may not be"
    if said == "roll back":
        tried = {entry.step for entry in entries if entry.event is Event.STEP_STARTED}
        assert "revoke" not in tried, "the way back is open past the point of no return"
