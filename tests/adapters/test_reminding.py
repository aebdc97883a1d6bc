"""Reminders sent to a webhook and kept in the ledger: each once, and none without the other."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.platform import Platform, open_platform
from adapters.reminding import (
    certificate_reminders,
    remind_each,
    remind_together,
    rotation_reminders,
)
from demo.stage import ROOT
from engine.errors import LedgerDown, Refused, Transient
from engine.ledger import Event, verify
from engine.reminders import Reminder
from sandbox.inbox import Inbox
from tests.adapters.watched import FAR, NEAR, NEW, NOW, PAST, TOKEN, put, watched
from tests.stores import Stores


@pytest.fixture
def pair(tmp_path: Path, inbox: Inbox) -> Iterator[Stores]:
    with watched(tmp_path, inbox) as made:
        yield made


def link(reminder: Reminder) -> str:
    return f"http://127.0.0.1/start/{reminder.runbook}/{reminder.name}"


def remind(platform: Platform, now: datetime, runner: str = "run-1") -> list[str]:
    """Send what is to be sent about certificates now; return name and rung of each."""
    found = certificate_reminders(platform, now).reminders
    return [f"{each.name} {each.rung}" for each in remind_each(platform, runner, found, link)]


def test_each_rung_is_sent_once_with_a_link_that_starts_the_renewal(
    pair: Stores, inbox: Inbox
) -> None:
    made = put(pair, qwac=NEAR, qseal=FAR, old=PAST)
    first, again = (remind(pair.platform, NOW) for _ in range(2))
    later = remind(pair.platform, NOW + timedelta(days=20))

    assert (sorted(first), again, later) == (["old expired", "qwac T-30"], [], ["qwac T-14"])
    said = {message["title"]: message["message"] for message in inbox.messages}
    assert set(said) == {
        "OLD has expired",
        "QWAC expires within 30 days",
        "QWAC expires within 10 days",
    }
    words = said["QWAC expires within 30 days"]
    assert "bank" not in words
    assert words.startswith("PLANA Ltd, of Test QTSP, serial ")
    assert words.endswith("\n\nhttp://127.0.0.1/start/renew-it/qwac")
    assert f"{made['qwac'].certificate.serial_number:x}" in words


def test_one_that_has_expired_is_said_once_and_has_to_be_looked_at_each_day(pair: Stores) -> None:
    put(pair, old=PAST, qwac=NEAR)
    days = [NOW, NOW + timedelta(days=1)]
    faults = [certificate_reminders(pair.platform, day).faults for day in days]

    assert faults == [("old: it has expired",)] * 2


def test_what_was_sent_stands_in_the_ledger(pair: Stores) -> None:
    made = put(pair, qwac=NEAR)
    remind(pair.platform, NOW)
    with pair.platform.journal as journal:
        entries = journal.entries()

    assert verify(entries)
    [entry] = entries
    assert entry.event is Event.REMINDER_SENT
    assert entry.details == {
        "about": "certificate",
        "name": "qwac",
        "of": f"sha256:{made['qwac'].sha256}",
        "rung": "T-30",
        "ends": "2026-12-26T00:00:00.000000Z",
    }
    assert TOKEN not in repr(entries)


def test_a_renewed_certificate_begins_its_ladder_anew(pair: Stores) -> None:
    put(pair, qwac=NEAR)
    first = remind(pair.platform, NOW)
    put(pair, qwac=NEAR)

    assert first == remind(pair.platform, NOW) == ["qwac T-30"]


def test_what_no_target_took_is_not_recorded_and_sent_later(pair: Stores, inbox: Inbox) -> None:
    put(pair, qwac=NEAR)
    inbox.broken = True
    with pytest.raises(Transient) as caught:
        remind(pair.platform, NOW)
    inbox.broken = False

    assert TOKEN not in str(caught.value)
    assert remind(pair.platform, NOW) == ["qwac T-30"]
    assert len(inbox.messages) == 1


@pytest.fixture
def dead(pair: Stores, inbox: Inbox) -> Iterator[Inbox]:
    """A second target, which takes nothing until it is mended."""
    with Inbox() as made:
        made.broken = True
        lines = (inbox.address(TOKEN), made.address(f"{TOKEN}-2"))
        (pair.folder / "targets").write_text("\n".join(lines))
        yield made


def test_a_target_that_is_dead_for_good_keeps_no_reminder_from_the_other(
    pair: Stores, inbox: Inbox, dead: Inbox
) -> None:
    put(pair, qwac=NOW + timedelta(days=6.5), qseal=NOW + timedelta(days=6.5))
    told = []
    for day in range(5):
        with pytest.raises(Transient) as caught:
            remind(pair.platform, NOW + timedelta(days=day))
        told.append(str(caught.value))

    titles = Counter(message["title"].partition(" ")[0] for message in inbox.messages)
    assert titles == {"QWAC": 5, "QSEAL": 5}
    assert "qseal T-7, qwac T-7 did not reach every target: 1 of 2 targets" in told[0]
    assert told[0].count("number 2 of") == 1
    assert TOKEN not in "".join(told)
    dead.broken = False
    assert remind(pair.platform, NOW + timedelta(days=4)) == ["qseal T-3", "qwac T-3"]
    assert len(dead.messages) == 2


def test_one_that_reached_every_target_is_recorded_though_another_did_not(
    pair: Stores, inbox: Inbox
) -> None:
    put(pair, old=PAST, qwac=NEAR, qseal=NEAR)
    found = certificate_reminders(pair.platform, NOW).reminders

    def broken(reminder: Reminder) -> str:
        if reminder.name == "qwac":
            raise Refused("there is no runbook renew-it")
        return link(reminder)

    with pytest.raises(Refused) as caught:
        remind_each(pair.platform, "run-1", found, broken)

    assert caught.value.message == (
        "qwac T-30 did not reach every target: there is no runbook renew-it; "
        "sent: old expired; sent: qseal T-30"
    )
    assert caught.value.__context__ is None
    assert remind(pair.platform, NOW) == ["qwac T-30"]
    assert len(inbox.messages) == 3


def test_a_ledger_that_is_down_ends_it_at_once(pair: Stores, inbox: Inbox) -> None:
    put(pair, old=PAST, qwac=NEAR)
    found = certificate_reminders(pair.platform, NOW).reminders

    def link_and_lose(_: Reminder) -> str:
        with sqlite3.connect(pair.ledger) as ledger:
            ledger.execute("drop table entries")
        return ""

    with pytest.raises(LedgerDown):
        remind_each(pair.platform, "run-1", found, link_and_lose)
    assert len(inbox.messages) == 1


def test_two_runs_at_a_time_do_not_both_send(pair: Stores, inbox: Inbox) -> None:
    put(pair, qwac=NEAR)
    with pair.platform.journal as journal:
        number = journal.lease("reminders:certificate", "run-1", seconds=900)
        with pytest.raises(Transient, match="run-1 has it until"):
            remind(pair.platform, NOW, "run-2")
        assert number is not None
        journal.give_back("reminders:certificate", "run-1", number)

    assert remind(pair.platform, NOW, "run-2") == ["qwac T-30"]
    assert len(inbox.messages) == 1


def test_while_one_kind_is_sent_the_other_is_as_well(pair: Stores, inbox: Inbox) -> None:
    put(pair, qwac=NEAR)
    with pair.platform.journal as journal:
        number = journal.lease("reminders:secret", "run-1", seconds=900)

    assert number is not None
    assert remind(pair.platform, NOW, "run-2") == ["qwac T-30"]
    assert len(inbox.messages) == 1


def test_rotations_of_a_day_are_one_message_and_each_is_said_once(
    pair: Stores, inbox: Inbox
) -> None:
    pair.put("s-2", NEW, NOW - timedelta(days=5))

    def remind_all(now: datetime) -> list[str]:
        found = rotation_reminders(pair.platform, now).reminders
        sent = remind_together(pair.platform, "run-1", found, link)
        return [f"{each.name} {each.rung}" for each in sent]

    first, again = remind_all(NOW), remind_all(NOW)
    late = remind_all(NOW + timedelta(days=11))

    assert (first, again, late) == (["s-0 T-14", "s-1 T-14"], [], ["s-0 due", "s-1 due"])
    [early, end] = inbox.messages
    assert early["title"] == end["title"] == "2 rotations are due"
    assert (
        early["message"]
        .splitlines()[0]
        .startswith(
            "Rotation of Secret s-0 is due within 10 days. Its value is of 2026-09-07 and may be 90d old"
        )
    )
    assert pair.leaks(repr(inbox.messages)) == []


def test_a_reminder_leads_to_the_runbook_for_secrets_that_somebody_brings(pair: Stores) -> None:
    folder = ROOT / "runbooks"
    pair.write(runbooks=str(folder), people=str(folder / "people.yaml"))

    found = rotation_reminders(open_platform(pair.settings), NOW).reminders

    assert {each.runbook for each in found} == {"rotate-stored-secret"}


def test_a_rotation_begins_the_ladder_anew(pair: Stores) -> None:
    before = rotation_reminders(pair.platform, NOW).reminders
    pair.put("s-0", NEW, NOW)
    after = rotation_reminders(pair.platform, NOW).reminders
    next_time = rotation_reminders(pair.platform, NOW + timedelta(days=80)).reminders

    assert [each.name for each in before] == ["s-0", "s-1", "s-2"]
    assert [each.name for each in after] == ["s-1", "s-2"]
    assert before[0].of != next_time[0].of


def test_a_value_of_a_day_that_is_yet_to_come_is_a_fault(pair: Stores) -> None:
    pair.put("s-0", "one-more-value", NOW + timedelta(days=400))
    noticed = rotation_reminders(pair.platform, NOW)

    assert [each for each in noticed.faults if each.startswith("s-0: its commit is dated ")]
    assert [each for each in noticed.reminders if each.name == "s-0"] == []
