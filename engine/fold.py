"""Entries of the ledger folded into where a run stands, and nothing else consulted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.ledger import BESIDE, Entry, Event, identity
from engine.state import Approval, ItemState, Kind, Noted, Opening, Outcome, RunState, Status


def fold(run: str, entries: Iterable[Entry], before: RunState | None = None) -> RunState:
    """Return where `run` stands after `entries`; entries of other runs are passed over.

    `before` is where it stood when the first of them was written, if that was not the beginning.
    """
    state = before or RunState(run)
    for entry in entries:
        if entry.run == run:
            state = _FOLDS[entry.event](state, entry)
    return state


def _run_started(state: RunState, entry: Entry) -> RunState:
    return replace(
        state,
        attempt=entry.attempt,
        plan=entry.plan,
        initiator=entry.actor,
        plan_text=entry.details.get("plan", ""),
    )


def _run_resumed(state: RunState, entry: Entry) -> RunState:
    return replace(state, attempt=entry.attempt)


def _run_ended(state: RunState, entry: Entry) -> RunState:
    return replace(state, outcome=Outcome(entry.details["outcome"]), opening=None)


def _plan_changed(state: RunState, entry: Entry) -> RunState:
    told = entry.details
    return replace(
        state,
        plan=entry.plan,
        plan_text=told.get("plan", ""),
        opening=None,
        changes=tuple(told.get("changes", ())),
    )


def _gate_opened(state: RunState, entry: Entry) -> RunState:
    details = entry.details
    opening = Opening(
        details["opening"],
        entry.step,
        Kind(details["kind"]),
        entry.at,
        details["expires"],
        entry.plan,
        details.get("shown", ""),
    )
    return replace(state, opening=opening, openings=opening.number)


def _gate_approved(state: RunState, entry: Entry) -> RunState:
    details = entry.details
    approval = Approval(
        entry.step,
        details.get("through") or entry.step,
        Kind(details["kind"]),
        entry.actor,
        details.get("comment", ""),
        entry.at,
        entry.plan,
        until=details.get("until", ""),
        glass=entry.event is Event.GLASS_BROKEN,
    )
    approved = replace(
        state, opening=None, approvals=(*state.approvals, approval), refusal="", changes=()
    )
    sealed = tuple(details.get("sealed", ()))
    return _set(approved, entry, sealed=sealed) if sealed else approved


def _gate_rejected(state: RunState, entry: Entry) -> RunState:
    closed = replace(state, opening=None, refusal="")
    if Kind(entry.details["kind"]) is Kind.UNDO:
        return _failed(closed, entry, Status.UNDO_FAILED)
    if entry.details["harmless"]:
        return replace(closed, ending=Outcome.REJECTED)
    return _failed(closed, entry, Status.FAILED)


def _failed(state: RunState, entry: Entry, status: Status) -> RunState:
    comment = entry.details.get("comment", "")
    said = f"rejected by {entry.actor.subject}" + (f": {comment}" if comment else "")
    return _set(state, entry, status=status, error=said, hint="", how=entry.event)


def _gate_skipped(state: RunState, entry: Entry) -> RunState:
    closed = replace(state, opening=None, refusal="")
    return _set(
        closed,
        entry,
        status=Status.SKIPPED,
        how=entry.event,
        by=entry.actor.subject,
        evidence=entry.details.get("comment", ""),
        ended_at=entry.at,
    )


def _gate_noted(state: RunState, entry: Entry) -> RunState:
    told = entry.details
    noted = Noted(ItemState(told["state"]), told["comment"], entry.actor.subject, entry.at)
    closed = replace(state, opening=None, refusal="")
    return _set(closed, entry, items={**state.step(entry.step).items, told["item"]: noted})


def _gate_closed(state: RunState, entry: Entry) -> RunState:
    return replace(state, opening=None, refusal=entry.details.get("why", ""))


def _failure_decided(state: RunState, entry: Entry) -> RunState:
    closed = replace(state, opening=None, refusal="")
    match entry.details["decision"]:
        case "retry":
            before = state.step(entry.step).status
            again = Status.DONE if before is Status.UNDO_FAILED else Status.WAITING
            return _set(closed, entry, status=again, error="", hint="")
        case "mark done":
            return _vouched(closed, entry)
        case "roll back":
            return replace(closed, back=True)
        case _:
            return replace(closed, ending=Outcome.STOPPED)


def _vouched(state: RunState, entry: Entry) -> RunState:
    """Take one more word for it that a step is done; it counts once enough people gave it."""
    held, subject = state.step(entry.step), entry.actor.subject
    known = {identity(name) for name in held.vouchers}
    vouchers = held.vouchers if identity(subject) in known else (*held.vouchers, subject)
    if len(vouchers) < entry.details.get("needed", 1):
        return _set(state, entry, vouchers=vouchers)
    back = held.status is Status.UNDO_FAILED
    return _set(
        state,
        entry,
        status=Status.UNDONE if back else Status.DONE,
        how=entry.event,
        by=", ".join(vouchers),
        evidence=entry.details["comment"],
        ended_at=entry.at,
        outputs=entry.details.get("outputs", {}),
        vouchers=vouchers,
    )


def _step_started(state: RunState, entry: Entry) -> RunState:
    return _set(
        state,
        entry,
        status=Status.STARTED,
        touched=True,
        vouchers=(),
        started_at=entry.at,
        error="",
    )


def _step_ended(state: RunState, entry: Entry) -> RunState:
    details = entry.details
    return _set(
        state,
        entry,
        status=Status.DONE,
        how=entry.event,
        ended_at=entry.at,
        error="",
        outputs=details["outputs"],
        sealed=tuple(details["sealed"]),
        evidence=details["evidence"],
        touched=True,
    )


def _step_failed(state: RunState, entry: Entry) -> RunState:
    return _broken(state, entry, Status.FAILED)


def _undo_started(state: RunState, entry: Entry) -> RunState:
    return _set(state, entry, status=Status.UNDOING)


def _undo_succeeded(state: RunState, entry: Entry) -> RunState:
    before = state.step(entry.step)
    return _set(
        state,
        entry,
        status=Status.UNDONE,
        how=entry.event,
        ended_at=entry.at,
        outputs={**before.outputs, **entry.details["outputs"]},
        evidence=entry.details["evidence"],
        idle=not entry.details.get("had_effect", True),
    )


def _undo_failed(state: RunState, entry: Entry) -> RunState:
    return _broken(state, entry, Status.UNDO_FAILED)


def _broken(state: RunState, entry: Entry, status: Status) -> RunState:
    details = entry.details
    return _set(
        state,
        entry,
        status=status,
        how=entry.event,
        ended_at=entry.at,
        error=details["message"],
        hint=details["hint"],
        unknown=details["unknown"],
    )


def _ignored(state: RunState, entry: Entry) -> RunState:
    return state


def _set(state: RunState, entry: Entry, **changes: Any) -> RunState:
    step = replace(state.step(entry.step), **changes)
    return replace(state, steps={**state.steps, entry.step: step})


_FOLDS: Mapping[Event, Callable[[RunState, Entry], RunState]] = {
    Event.RUN_STARTED: _run_started,
    Event.RUN_RESUMED: _run_resumed,
    Event.RUN_ENDED: _run_ended,
    Event.PLAN_CHANGED: _plan_changed,
    Event.GATE_OPENED: _gate_opened,
    Event.GATE_APPROVED: _gate_approved,
    Event.GATE_REJECTED: _gate_rejected,
    Event.GATE_SKIPPED: _gate_skipped,
    Event.GATE_NOTED: _gate_noted,
    Event.GATE_REFUSED: _gate_closed,
    Event.GATE_EXPIRED: _gate_closed,
    Event.GATE_REMINDED: _ignored,
    Event.GATE_ESCALATED: _ignored,
    Event.GATE_PREAPPROVED: _gate_approved,
    Event.GLASS_BROKEN: _gate_approved,
    Event.FAILURE_DECIDED: _failure_decided,
    Event.STEP_STARTED: _step_started,
    Event.STEP_FOUND_DONE: _step_ended,
    Event.STEP_SUCCEEDED: _step_ended,
    Event.STEP_FAILED: _step_failed,
    Event.UNDO_STARTED: _undo_started,
    Event.UNDO_SUCCEEDED: _undo_succeeded,
    Event.UNDO_FAILED: _undo_failed,
    **dict.fromkeys(BESIDE, _ignored),
}
