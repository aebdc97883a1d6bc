"""While a run renews a certificate, people are reminded of the one that banks still know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.reminding import Noticed, certificate_reminders
from engine.journal import resources_of
from engine.ledger import Actor, Draft, Event
from tests import certs
from tests.adapters.slots import NEW_SLOT, OLD_SLOT, fill, two_slots, unreadable
from tests.stores import Stores

NOW = datetime.now(UTC)
SOON, FAR, OVER = (NOW + timedelta(days=days) for days in (13.5, 380, -40))
RUN = "0b7b86c5-2750-42ec-ab03-19be45b3b1bd"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    with two_slots(tmp_path) as made:
        yield made


def begin(pair: Stores, slot: str, run: str = RUN) -> None:
    """Let a run be live that works on this slot."""
    beside = pair.platform.catalogue.beside_of(slot)
    details = {"plan": "{}", "secret": slot, "beside": beside}
    draft = Draft(run, Event.RUN_STARTED, Actor("otto"), "", 1, "sha256:0", details)
    with pair.platform.journal as journal:
        journal.append(draft, hold=resources_of(slot, beside=beside))


def stop(pair: Stores, slot: str, outcome: str = "stopped", run: str = RUN) -> None:
    """Let a run that works on this slot begin and end so; its plan says nothing of its steps."""
    begin(pair, slot, run)
    draft = Draft(run, Event.RUN_ENDED, attempt=1, plan="sha256:0", details={"outcome": outcome})
    with pair.platform.journal as journal:
        journal.append(draft, end=True)


def noticed(pair: Stores, later: timedelta = timedelta(0)) -> Noticed:
    return certificate_reminders(pair.platform, NOW + later)


def test_without_a_run_the_one_that_ends_last_counts(pair: Stores) -> None:
    fill(pair, SOON, FAR)

    assert noticed(pair) == Noticed((), ())


def test_the_older_one_is_reminded_of_until_the_run_that_renews_it_is_over(pair: Stores) -> None:
    known = fill(pair, SOON, FAR)
    begin(pair, NEW_SLOT)
    [reminder] = noticed(pair).reminders

    assert (reminder.rung, reminder.of) == ("T-14", f"sha256:{known[OLD_SLOT]}")
    assert (reminder.run, reminder.into) == (RUN, NEW_SLOT)
    assert reminder.title == "The QWAC expires within 14 days"
    assert "Every bank should have confirmed the new one by now." in reminder.body
    assert reminder.body.endswith(f"Run {RUN} renews it.")
    assert noticed(pair, timedelta(days=20)).faults == ("qwac: it has expired",)


def test_after_a_stopped_run_both_are_reminded_of_and_the_older_one_until_it_is_over(
    pair: Stores,
) -> None:
    known = fill(pair, SOON, FAR)
    stop(pair, NEW_SLOT)
    [reminder], [fault] = noticed(pair).reminders, noticed(pair).faults
    over = noticed(pair, timedelta(days=375))

    open_ = f"run {RUN} was stopped after it had published {NEW_SLOT}"
    assert (reminder.rung, reminder.of) == ("T-14", f"sha256:{known[OLD_SLOT]}")
    assert (reminder.run, reminder.into) == ("", NEW_SLOT)
    assert f"R{open_[1:]}" in reminder.body
    assert fault.startswith(f"qwac: {open_}")
    assert [(each.rung, each.of[7:]) for each in over.reminders] == [
        ("expired", known[OLD_SLOT]),
        ("T-5", known[NEW_SLOT]),
    ]
    assert "qwac: it has expired" in over.faults


def test_a_later_run_that_completes_settles_the_stopped_one(pair: Stores) -> None:
    fill(pair, SOON, FAR)
    stop(pair, NEW_SLOT)
    stop(pair, NEW_SLOT, "completed", "the-next")

    assert noticed(pair) == Noticed((), ())


def test_before_the_run_has_written_anything_the_reminder_leads_to_it_too(pair: Stores) -> None:
    fill(pair, SOON, OVER)
    begin(pair, NEW_SLOT)
    [reminder] = noticed(pair).reminders

    assert (reminder.rung, reminder.run, reminder.into) == ("T-14", RUN, NEW_SLOT)


def test_a_run_for_the_wrong_slot_wakes_no_certificate_that_was_over(pair: Stores) -> None:
    fill(pair, OVER, SOON)
    begin(pair, NEW_SLOT)
    [reminder] = noticed(pair).reminders

    assert reminder.rung == "T-14"
    assert noticed(pair).faults == ()


def test_a_slot_that_a_run_holds_and_leaves_as_it_is_stays_the_one_that_counts(
    pair: Stores,
) -> None:
    fill(pair, FAR, SOON)
    begin(pair, NEW_SLOT)

    assert noticed(pair) == Noticed((), ())


def test_beside_a_slot_that_cannot_be_read_people_are_told_and_no_slot_is_filled_in(
    pair: Stores,
) -> None:
    known = fill(pair, SOON, FAR)
    odd = unreadable(certs.make(FAR, certs.statements()))["an odd authority in the chain"]
    pair.put(NEW_SLOT, odd)
    told = noticed(pair)
    [reminder], [fault] = told.reminders, told.faults
    begin(pair, NEW_SLOT)
    [under_way] = noticed(pair).reminders

    assert (reminder.of, reminder.into) == (f"sha256:{known[OLD_SLOT]}", "")
    doubt = f"it may not be the one in force: {NEW_SLOT} in "
    assert fault.startswith(f"qwac: {doubt}")
    assert f"I{doubt[1:]}" in reminder.body
    assert (under_way.run, under_way.into) == (RUN, "")
