"""What is wrong with certificates and ages is told to people, and not again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.platform import Platform, open_platform
from adapters.reminding import certificate_reminders, rotation_reminders, tell_faults
from sandbox.inbox import Inbox
from tests.adapters.watched import NEAR, NOW, PAST, put, watched
from tests.stores import Stores


@pytest.fixture
def pair(tmp_path: Path, inbox: Inbox) -> Iterator[Stores]:
    with watched(tmp_path, inbox) as made:
        yield made


def tell(platform: Platform, now: datetime) -> list[str]:
    """Tell of what is wrong with certificates now; return what was told."""
    faults = certificate_reminders(platform, now).notices
    return [each.body for each in tell_faults(platform, "run-1", faults, "http://127.0.0.1/run")]


def test_a_certificate_that_cannot_be_read_is_told_to_people_every_day(
    pair: Stores, inbox: Inbox
) -> None:
    put(pair, qwac=NEAR)
    (pair.folder / "qwac.pem").write_text("torn")
    days = [tell(pair.platform, NOW + timedelta(hours=hours)) for hours in (0, 6, 24)]
    (pair.folder / "qwac.pem").unlink()
    changed = tell(pair.platform, NOW + timedelta(hours=25))

    assert (
        days[0]
        == days[2]
        == [message["message"].partition("\n")[0] for message in inbox.messages][:1]
    )
    assert days[1] == []
    assert "qwac.pem cannot be read" in changed[0]
    assert [message["title"] for message in inbox.messages] == ["qwac has to be looked at"] * 3
    assert inbox.messages[0]["message"].endswith("\n\nhttp://127.0.0.1/run")


def test_what_is_wrong_beside_an_end_that_is_known_is_told_once_a_week(
    pair: Stores, inbox: Inbox
) -> None:
    put(pair, old=PAST, older=PAST)
    told = [tell(pair.platform, NOW + timedelta(days=days)) for days in (0, 1, 3, 4, 5)]

    assert told == [["older: it has expired", "old: it has expired"][::-1], [], [], told[0], []]
    assert [message["title"] for message in inbox.messages] == ["2 things have to be looked at"] * 2


def test_a_value_whose_age_is_not_known_is_told_to_people(pair: Stores, inbox: Inbox) -> None:
    tree = pair.tree()
    del tree["keys"]["s_2"]
    pair.commit(tree)
    noticed = rotation_reminders(pair.platform, NOW)
    told = tell_faults(pair.platform, "run-1", noticed.notices, "")

    assert [each.name for each in told] == ["s-2"]
    assert (told[0].about, told[0].rung) == ("secret", "2026-11-26")
    assert [message["message"] for message in inbox.messages] == [*noticed.faults]


def test_where_nobody_is_named_faults_are_left_to_the_flow(pair: Stores) -> None:
    put(pair, old=PAST)
    pair.write(notify={})

    assert tell(open_platform(pair.settings), NOW) == []


def test_a_broken_certificate_does_not_keep_the_others_from_being_told(pair: Stores) -> None:
    put(pair, qwac=NEAR, qseal=NEAR)
    (pair.folder / "qseal.pem").write_text("torn")
    noticed = certificate_reminders(pair.platform, NOW)

    assert [each.name for each in noticed.reminders] == ["qwac"]
    assert len(noticed.faults) == 1
    assert noticed.faults[0].startswith("qseal: ")
