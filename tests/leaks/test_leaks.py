"""No secret is met anywhere, whatever goes wrong; and whatever leaks on purpose is met."""

from __future__ import annotations

import pytest

from engine.state import Outcome
from tests.leaks.conftest import Evidence
from tests.leaks.plants import PLANTS, Plant
from tests.leaks.play import ENDS, left_out
from tests.needs import missing

pytestmark = [pytest.mark.xdist_group("leaks"), pytest.mark.timeout(1800)]

HINTS = ("digest", "short digest", "length")


def test_every_runbook_is_played_to_its_end_in_spite_of_all(evidence: Evidence) -> None:
    without = left_out(evidence.theatre)
    names = {file.stem for file in evidence.theatre.stage.platform().files()} - without

    assert evidence.ends == {name: ENDS.get(name, Outcome.COMPLETED) for name in names}, (
        "play it in tests/leaks/play.py"
    )
    if without:
        missing("PostgreSQL")


def test_the_log_of_the_database_was_searched_and_has_the_changes(evidence: Evidence) -> None:
    if evidence.theatre.world.database is None:
        missing("PostgreSQL")
    log = evidence.theatre.texts["log of the database"]

    assert 'ALTER ROLE "pulse_events_a" NOLOGIN PASSWORD NULL' in log


def test_both_ways_to_die_were_met_on_the_way(evidence: Evidence) -> None:
    assert [fault.double for fault in evidence.theatre.struck] == ["kubernetes", "vaultwarden"]


@pytest.mark.parametrize("made", ["a person brought", "value of generate", "access token"])
def test_a_value_that_came_up_on_the_way_is_searched_for(evidence: Evidence, made: str) -> None:
    assert any(made in name for name in evidence.theatre.markers)


def test_no_secret_and_no_digest_of_one_is_met_anywhere(evidence: Evidence) -> None:
    leaked = [str(find) for find in evidence.found if find.marker in evidence.theatre.markers]

    assert leaked == []


def test_no_secret_lies_in_the_file_of_another(evidence: Evidence) -> None:
    assert [str(find) for find in evidence.misplaced] == []


def test_nothing_tells_how_long_a_secret_is_or_how_its_digest_begins(evidence: Evidence) -> None:
    told = [str(find) for find in evidence.hints if find.marker in evidence.theatre.markers]

    assert told == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.sink)
def test_a_leak_made_on_purpose_is_found(evidence: Evidence, plant: Plant) -> None:
    places = [find.where for find in evidence.of(plant.sink)]

    missed = [place for place in plant.found_in if not any(place in each for each in places)]

    assert not missed, f"found only in {places}"


@pytest.mark.parametrize("hint", HINTS)
def test_a_hint_made_on_purpose_is_found(evidence: Evidence, hint: str) -> None:
    assert f"planted {hint}" in [find.where for find in evidence.of(hint)]
