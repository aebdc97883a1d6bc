"""The clock reminds, ends and escalates once each, whenever and however often it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import GENESIS, Draft, Entry, Event, chain, timestamp
from engine.runbook import Escalation, Gate
from engine.watching import Wait, due, times, waits

OPENED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
GATE = Gate(
    groups=("staff",),
    expires=timedelta(hours=4),
    remind=timedelta(minutes=30),
    escalate=Escalation(after=timedelta(minutes=15), to=("admins",)),
)
ORDER = [Event.GATE_REMINDED, Event.GATE_EXPIRED, Event.GATE_ESCALATED]


def opening(gate: Gate = GATE, run: str = "r1") -> Entry:
    details = {"opening": 1, "kind": "step", "groups": list(gate.groups), **times(gate, OPENED)}
    draft = Draft(run, Event.GATE_OPENED, step="a", attempt=1, plan="p", details=details)
    return chain(draft, timestamp(OPENED), 1, GENESIS)


def asked(wait: Wait, *minutes: int) -> list[tuple[int, Draft]]:
    """Ask at these minutes after the opening, and keep what is written as the ledger would."""
    told = []
    for minute in minutes:
        for draft in due(wait, OPENED + timedelta(minutes=minute)):
            told.append((minute, draft))
            entry = chain(draft, timestamp(OPENED), len(told) + 1, GENESIS)
            wait = replace(wait, since=(*wait.since, entry))
    return told


def events(told: list[tuple[int, Draft]]) -> list[tuple[int, Event]]:
    return [(minute, draft.event) for minute, draft in told]


def test_a_gate_is_reminded_of_ended_and_escalated_in_time() -> None:
    told = asked(Wait(opening()), 0, 209, 210, 211, 240, 241, 254, 255, 300)

    assert events(told) == [(210, ORDER[0]), (241, ORDER[1]), (255, ORDER[2])]
    assert told[2][1].details["to"] == ["admins"]
    assert told[1][1].details["why"].startswith("nobody had decided until 2026-11-23T06:00:00")


def test_a_clock_that_comes_late_skips_the_reminder_and_ends_the_gate() -> None:
    assert events(asked(Wait(opening()), 1000)) == [(1000, ORDER[1]), (1000, ORDER[2])]


@pytest.mark.parametrize("changes", [{"remind": None}, {"escalate": None}])
def test_what_the_gate_does_not_name_is_not_written(changes: dict[str, Any]) -> None:
    gate = GATE.model_copy(update=changes)
    left_out = {"remind": ORDER[0], "escalate": ORDER[2]}[next(iter(changes))]

    assert left_out not in dict(events(asked(Wait(opening(gate)), *range(400)))).values()


@given(st.lists(st.integers(0, 600), max_size=30).map(sorted))
def test_however_often_it_is_asked_each_is_written_once_and_in_order(minutes: list[int]) -> None:
    told = events(asked(Wait(opening()), *minutes))
    found = [event for _, event in told]

    assert found == [event for event in ORDER if event in found]
    assert (Event.GATE_EXPIRED in found) == any(minute > 240 for minute in minutes)
    assert all(minute > 240 for minute, event in told if event is Event.GATE_EXPIRED)
    assert all(210 <= minute <= 240 for minute, event in told if event is Event.GATE_REMINDED)
    assert all(minute >= 255 for minute, event in told if event is Event.GATE_ESCALATED)


def test_waiting_entries_are_gathered_run_by_run() -> None:
    one, other = opening(), opening(run="r2")
    found = list(waits([one, one, other]))

    assert [(wait.opening.run, len(wait.since)) for wait in found] == [("r1", 1), ("r2", 0)]
