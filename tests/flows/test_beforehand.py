"""What a pick-up of a run writes beside the run: reliance on an earlier yes, and refused starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.ledger import LedgerSettings
from adapters.platform import Platform
from adapters.settings import Settings
from engine.errors import LedgerDown, Overtaken, Refused
from engine.ledger import Actor, Draft, Event, timestamp
from engine.preapproval import taken_up
from flows.beforehand import rely_on_preapproval
from flows.voyage import Voyage, enter
from flows.whereabouts import refusals_recorded, whereabouts
from tests.engine.bench import Bench, person

TEXT = "gate: {groups: [staff]}\nsteps:\n  - {id: a, uses: lamp.light}\n"
OTTO = Actor("otto")


def begin(folder: Path, run: str = "run-1") -> Voyage:
    bench = Bench.of(TEXT, folder)
    platform = Platform(Settings(ledger=LedgerSettings(url=f"sqlite:///{folder / 'ledger.db'}")))
    voyage = Voyage(run, platform, bench.desk, bench.plan)
    enter(voyage, OTTO, {}, whereabouts(platform))
    return voyage


def preapprove(voyage: Voyage, hours: int) -> None:
    until = timestamp(datetime.now(UTC) + timedelta(hours=hours))
    details = {"through": "a", "until": until, "comment": "go", "plan": voyage.plan.text()}
    voyage.desk.journal.append(
        Draft("", Event.RUN_PREAPPROVED, person("olga"), plan=voyage.plan.digest, details=details)
    )


def test_a_yes_from_before_is_taken_up_once(tmp_path: Path) -> None:
    first = begin(tmp_path)
    preapprove(first, hours=1)
    rely_on_preapproval(first)
    second = begin(tmp_path, "run-2")
    rely_on_preapproval(second)

    assert [approval.actor.subject for approval in first.state().approvals] == ["olga"]
    assert second.state().approvals == ()
    [entry] = first.desk.journal.of(Event.RUN_PREAPPROVED)
    with pytest.raises(Overtaken, match="was used by run run-1"):
        second.desk.journal.append(taken_up(entry, second.plan, second.state()))


def test_one_that_has_ended_is_refused_and_recorded(tmp_path: Path) -> None:
    voyage = begin(tmp_path)
    preapprove(voyage, hours=-1)
    rely_on_preapproval(voyage)
    [refused] = voyage.desk.journal.of(Event.ATTEMPT_REFUSED)

    assert voyage.state().approvals == ()
    assert refused.actor.subject == "otto"
    assert refused.details["about"] == "run-1"
    assert "ended at" in refused.details["why"]


def test_the_trail_says_where_a_run_was_picked_up(tmp_path: Path) -> None:
    voyage = begin(tmp_path)
    enter(voyage, OTTO, {}, {"worker": "elsewhere 7", "source": {}})
    started, resumed = voyage.desk.journal.entries("run-1")

    assert started.details["worker"].split()[1].isdigit()
    assert set(started.details["source"]) == {"commit", "dirty"}
    assert resumed.details == {"worker": "elsewhere 7", "source": {}}


def test_a_run_that_could_not_start_leaves_who_wanted_what_and_why_not(tmp_path: Path) -> None:
    platform = begin(tmp_path).platform
    with (
        pytest.raises(Refused, match="no such place"),
        refusals_recorded(platform, "run-9", "try", OTTO),
    ):
        raise Refused("no such place")
    [refused] = platform.journal.of(Event.ATTEMPT_REFUSED)

    assert (refused.run, refused.actor) == ("", OTTO)
    assert refused.details == {
        "what": "start", "runbook": "try", "about": "run-9", "why": "no such place",
    }  # fmt: skip


def test_a_start_that_was_proven_and_refused_afterwards_is_that_persons(tmp_path: Path) -> None:
    platform = begin(tmp_path).platform
    olga = Actor("olga", verified="oidc", groups=("staff",), via="prefect")

    def proven_and_refused() -> None:
        with refusals_recorded(platform, "run-9", "try", Actor("")) as wish:
            wish.actor = olga
            raise Refused("no such place")

    with pytest.raises(Refused):
        proven_and_refused()
    assert [entry.actor for entry in platform.journal.of(Event.ATTEMPT_REFUSED)] == [olga]


def test_a_run_that_has_started_tells_of_its_own_failures(tmp_path: Path) -> None:
    voyage = begin(tmp_path)
    with (
        pytest.raises(Refused),
        refusals_recorded(voyage.platform, "run-1", "try", OTTO),
    ):
        raise Refused("no such place")

    assert voyage.desk.journal.of(Event.ATTEMPT_REFUSED) == ()


def test_a_ledger_that_is_away_is_not_asked_again() -> None:
    nowhere = Platform(Settings())
    with pytest.raises(LedgerDown), refusals_recorded(nowhere, "run-9", "try", OTTO):
        raise LedgerDown("away")
