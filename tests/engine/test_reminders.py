from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ledger import Draft, Entry, chain
from engine.reminders import CERTIFICATES, Reminder, rotations, unsent

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def rung(**left: float) -> str:
    return CERTIFICATES.rung(NOW + timedelta(**left), NOW)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (90.1, ""), (90, "T-90"), (61, "T-90"), (60, "T-60"), (45, "T-45"), (31, "T-45"),
        (30, "T-30"), (14, "T-14"), (7.5, "T-14"), (7, "T-7"), (6, "T-6"), (1.5, "T-2"),
        (1, "T-1"), (0.01, "T-1"), (0, "expired"), (-400, "expired"),
    ],
)  # fmt: skip
def test_the_lowest_rung_reached_is_the_one_to_say(days: float, expected: str) -> None:
    assert rung(days=days) == expected


@settings(deadline=None)
@given(st.integers(0, 90 * 24), st.integers(0, 48))
def test_no_rung_comes_after_a_lower_one(hours: int, more: int) -> None:
    order = ["", *(f"T-{day}" for day in CERTIFICATES.days), "expired"]

    assert order.index(rung(hours=hours + more)) <= order.index(rung(hours=hours))


def test_a_short_life_has_fewer_rungs() -> None:
    def days(limit: int) -> tuple[int, ...]:
        return rotations(timedelta(days=limit)).days

    assert [days(90), days(30), days(7), days(1)] == [(14, 7, 1), (7, 1), (1,), ()]
    assert rotations(timedelta(days=1)).rung(NOW, NOW) == "due"


def reminder(rung: str = "T-30", of: str = "sha256:ab") -> Reminder:
    return Reminder("certificate", "qwac", of, rung, "2026-12-26T12:00:00.000000Z", "", "")


def written(draft: Draft) -> Entry:
    return chain(draft, "2026-11-26T12:00:00.000000Z", 1, "0" * 64)


def test_what_the_ledger_has_is_not_sent_again() -> None:
    sent = [written(reminder().draft())]

    assert unsent([reminder()], sent) == ()
    assert unsent([reminder("T-14")], sent) == (reminder("T-14"),)
    assert unsent([reminder(of="sha256:cd")], sent) == (reminder(of="sha256:cd"),)


def test_an_entry_of_a_reminder_belongs_to_no_run_and_holds_what_was_said() -> None:
    entry = written(reminder().draft())

    assert (entry.run, entry.event, entry.actor.subject) == ("", "reminder.sent", "engine")
    assert entry.details == {
        "about": "certificate",
        "name": "qwac",
        "of": "sha256:ab",
        "rung": "T-30",
        "ends": "2026-12-26T12:00:00.000000Z",
    }
