"""Gates that wait are found in one pass, and the ledger lets one entry close each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain as joined

import pytest

from adapters.ledger import SqlJournal
from engine.errors import Fenced, LedgerDown, Overtaken
from engine.fold import fold
from engine.ledger import Actor, Draft, Event
from engine.runbook import Escalation, Gate
from engine.watching import times, watch

pytest_plugins = ["tests.postgres"]

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
GATE = Gate(
    expires=timedelta(hours=4),
    remind=timedelta(minutes=30),
    escalate=Escalation(after=timedelta(minutes=15), to=("admins",)),
)
OLGA = Actor("olga")


@pytest.fixture
def journal(database_url: str) -> Iterator[SqlJournal]:
    with SqlJournal(database_url) as opened:
        yield opened


def begin(journal: SqlJournal, run: str) -> None:
    details = {"runbook": "try", "plan": "{}"}
    journal.append(Draft(run, Event.RUN_STARTED, OLGA, attempt=1, plan="p", details=details))


def open_gate(journal: SqlJournal, run: str, number: int = 1, gate: Gate = GATE) -> None:
    details = {"opening": number, "kind": "step", "groups": [], **times(gate, NOW)}
    journal.append(Draft(run, Event.GATE_OPENED, step="a", attempt=1, plan="p", details=details))


def decision(run: str, number: int = 1, event: Event = Event.GATE_APPROVED) -> Draft:
    details = {"opening": number, "kind": "step", "through": "a", "harmless": True}
    return Draft(run, event, OLGA, "a", 1, "p", details)


def test_five_hundred_gates_expire_in_one_pass_and_the_rest_is_left_alone(
    journal: SqlJournal,
) -> None:
    late = [f"late-{number}" for number in range(500)]
    for run in joined(late, ("decided", "ended", "early")):
        begin(journal, run)
        open_gate(journal, run, gate=Gate(expires=timedelta(hours=9)) if run == "early" else GATE)
    journal.append(decision("decided"), upon=1)
    journal.append(Draft("ended", Event.RUN_ENDED, attempt=1, details={"outcome": "stopped"}))
    written = watch(journal, NOW + timedelta(hours=4, seconds=1))

    assert sorted(entry.run for entry in written) == sorted(late)
    assert {entry.event for entry in written} == {Event.GATE_EXPIRED}
    assert watch(journal, NOW + timedelta(hours=4, seconds=1)) == ()
    assert fold("late-7", journal.entries("late-7")).opening is None
    assert fold("early", journal.entries("early")).opening is not None
    escalated = watch(journal, NOW + timedelta(hours=5))
    assert {entry.event for entry in escalated} == {Event.GATE_ESCALATED}
    assert len(escalated) == 500
    assert [entry.run for entry in journal.waiting()] == ["early"]


def test_only_one_of_a_decision_and_the_clock_closes_the_gate(journal: SqlJournal) -> None:
    for number in range(20):
        run, after = f"run-{number}", NOW + timedelta(hours=5 if number % 2 else 6)
        begin(journal, run)
        open_gate(journal, run)
        start = threading.Barrier(2)
        lost: list[str] = []

        def decide(
            run: str = run, start: threading.Barrier = start, lost: list[str] = lost
        ) -> None:
            start.wait()
            try:
                journal.append(decision(run), upon=1)
            except Overtaken:
                lost.append(run)

        person = threading.Thread(target=decide)
        person.start()
        start.wait()
        written = [entry.event for entry in watch(journal, after) if entry.run == run]
        person.join()
        closing = [
            entry.event
            for entry in journal.entries(run)
            if entry.event in (Event.GATE_APPROVED, Event.GATE_EXPIRED)
        ]

        assert closing in ([Event.GATE_APPROVED], [Event.GATE_EXPIRED])
        assert (Event.GATE_EXPIRED in written) == bool(lost) == (closing == [Event.GATE_EXPIRED])


def test_an_answer_after_the_clock_is_told_who_was_first(journal: SqlJournal) -> None:
    begin(journal, "r")
    open_gate(journal, "r")
    watch(journal, NOW + timedelta(hours=5))
    with pytest.raises(Overtaken, match=r"takes no gate\.approved any more: gate\.expired"):
        journal.append(decision("r"), upon=1)


def test_an_answer_to_another_opening_is_refused(journal: SqlJournal) -> None:
    begin(journal, "r")
    with pytest.raises(Overtaken, match="run r has no gate 1"):
        journal.append(decision("r"), upon=1)
    open_gate(journal, "r")
    journal.append(decision("r", event=Event.GATE_REFUSED), upon=1)
    open_gate(journal, "r", 2)
    with pytest.raises(Overtaken):
        journal.append(decision("r"), upon=1)
    assert journal.append(decision("r", 2), upon=2).event is Event.GATE_APPROVED


def test_two_clocks_remind_once(journal: SqlJournal) -> None:
    begin(journal, "r")
    open_gate(journal, "r")
    at = NOW + timedelta(hours=3, minutes=40)
    seen, [reminder] = journal.waiting(), watch(journal, at)
    again = Draft("r", reminder.event, step="a", attempt=1, plan="p", details=reminder.details)

    assert len(seen) == 1
    with pytest.raises(Overtaken):
        journal.append(again, upon=1)
    assert journal.append(decision("r"), upon=1).event is Event.GATE_APPROVED
    assert journal.waiting() == ()


def test_a_gate_asked_again_is_not_escalated_for_its_earlier_expiry(journal: SqlJournal) -> None:
    begin(journal, "r")
    open_gate(journal, "r")
    watch(journal, NOW + timedelta(hours=4, minutes=5))
    open_gate(journal, "r", 2, Gate(expires=timedelta(hours=40)))

    assert watch(journal, NOW + timedelta(hours=5)) == ()


def test_a_run_picked_up_meanwhile_fences_the_clock_of_before(journal: SqlJournal) -> None:
    begin(journal, "r")
    open_gate(journal, "r")
    seen = journal.waiting()
    journal.append(Draft("r", Event.RUN_RESUMED, attempt=2, plan="p"))
    stale = Draft("r", Event.GATE_EXPIRED, step="a", attempt=1, details=seen[0].details)
    with pytest.raises(Fenced):
        journal.append(stale, upon=1)
    [expired] = watch(journal, NOW + timedelta(hours=4, minutes=5))

    assert (expired.event, expired.attempt) == (Event.GATE_EXPIRED, 2)


def test_a_ledger_that_is_away_stops_the_clock(database_url: str) -> None:
    with SqlJournal(database_url) as journal:
        begin(journal, "r")
        open_gate(journal, "r")
        with journal._database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE openings")
        with pytest.raises(LedgerDown):
            watch(journal, NOW)
