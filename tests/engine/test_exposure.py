"""What becomes of a value that somebody could read, decided from what was seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.exposure import Exposed, Fate, Seen, judge, outcomes_since, waivers
from engine.ledger import Actor, Draft, Entry, Event, chain
from engine.plan import Plan
from engine.runbook import Gate

PLACE = 'f.yaml#["redis"]["password"]'
ITEM = Exposed(place=PLACE, secret="redis", runbook="rotate", since="c0ffee", mark="fp:1")
NOW = Seen(marks={PLACE: "fp:1"}, stands={}, waived={}, holders={}, outcomes={})
OTHER = replace(NOW, marks={PLACE: "fp:2"})
NOWHERE = replace(NOW, marks={})
COMPLETED = {"redis": "completed"}
AT_G = {PLACE: ('g.yaml#["redis"]["password"]',)}


def entry(event: Event, run: str = "run-1", **details: Any) -> Entry:
    return chain(Draft(run, event, Actor("anna"), details=details), "now", 1, "0" * 64)


WAIVED = {PLACE: entry(Event.EXPOSURE_WAIVED, places=[PLACE], reason="gone in May")}


@pytest.mark.parametrize(
    ("item", "seen", "fate"),
    [
        (ITEM, NOW, Fate.OPEN),
        (ITEM, OTHER, Fate.DONE),
        (ITEM, NOWHERE, Fate.OPEN),
        (ITEM, replace(NOWHERE, outcomes=COMPLETED), Fate.DONE),
        (ITEM, replace(NOWHERE, outcomes={"redis": "stopped"}), Fate.OPEN),
        (ITEM, replace(NOWHERE, outcomes=COMPLETED, stands=AT_G), Fate.OPEN),
        (ITEM, replace(OTHER, outcomes=COMPLETED, stands=AT_G), Fate.OPEN),
        (ITEM, replace(OTHER, stands={"f.yaml#[0]": (PLACE,)}), Fate.OPEN),
        (ITEM, replace(NOW, waived=WAIVED), Fate.WAIVED),
        (ITEM, replace(OTHER, holders={"secret:redis": "r"}), Fate.RUNNING),
        (ITEM, replace(OTHER, outcomes={"redis": "stopped"}), Fate.OPEN),
        (ITEM, replace(OTHER, outcomes=COMPLETED), Fate.DONE),
        (ITEM, replace(NOW, outcomes=COMPLETED), Fate.OPEN),
        (ITEM.model_copy(update={"mark": ""}), NOWHERE, Fate.OPEN),
        (ITEM.model_copy(update={"mark": ""}), replace(OTHER, outcomes=COMPLETED), Fate.OPEN),
        (ITEM.model_copy(update={"secret": ""}), OTHER, Fate.DONE),
        (ITEM.model_copy(update={"secret": ""}), NOWHERE, Fate.OPEN),
    ],
)
def test_the_fate_of_a_value_follows_from_what_is_seen(
    item: Exposed, seen: Seen, fate: Fate
) -> None:
    (judged,) = judge([item], seen)

    assert judged.fate is fate
    assert judged.is_settled is (fate in (Fate.DONE, Fate.WAIVED))


def test_what_a_value_waits_for_is_told_with_it() -> None:
    gone = ITEM.model_copy(update={"mark": "", "since": ""})
    seen = [(ITEM, replace(OTHER, stands=AT_G)), (ITEM, NOWHERE), (gone, NOWHERE)]
    told = [judge([item], now)[0].note for item, now in seen]
    (unread,) = judge([ITEM.model_copy(update={"mark": ""})], NOW)

    assert told[0] == 'it was not replaced but moved: it stands at g.yaml#["redis"]["password"]'
    assert told[1] == told[2] == "main has it no more; look whether it is still accepted"
    assert unread.note == "what it is cannot be told here; look whether it is still accepted"


def test_runs_count_that_began_after_the_offboarding_or_were_at_work_and_did_not_complete() -> None:
    told = [
        entry(Event.RUN_STARTED, "before", secret="odoo"),
        entry(Event.RUN_ENDED, "before", outcome="stopped"),
        entry(Event.RUN_STARTED, "old", secret="redis"),
        entry(Event.RUN_STARTED, "older", secret="stripe", identifier="stripe-id"),
        entry(Event.RUN_STARTED, "run-1", secret=""),
        entry(Event.RUN_ENDED, "old", outcome="stopped"),
        entry(Event.RUN_ENDED, "older", outcome="completed"),
        entry(Event.RUN_STARTED, "new", secret="matomo"),
        entry(Event.RUN_ENDED, "new", outcome="rolled back"),
    ]

    assert outcomes_since(told, "run-1") == {"redis": "stopped", "matomo": "rolled back"}
    again = [
        entry(Event.RUN_STARTED, "newer", secret="redis"),
        entry(Event.RUN_ENDED, "newer", outcome="completed"),
    ]
    assert outcomes_since([*told, *again], "run-1")["redis"] == "completed"


def test_the_first_waiver_of_a_place_counts_and_only_in_its_run() -> None:
    first = entry(Event.EXPOSURE_WAIVED, places=[PLACE], reason="first")
    told = [
        entry(Event.EXPOSURE_WAIVED, "run-2", places=[PLACE], reason="another"),
        first,
        entry(Event.EXPOSURE_WAIVED, places=[PLACE], reason="second"),
    ]

    assert waivers(told, "run-1") == {PLACE: first}


def test_a_plan_about_nobody_keeps_the_digest_it_was_approved_under() -> None:
    plan = Plan(
        runbook="r", title="R", description="", secret="s", inputs={}, gate=Gate(), steps=()
    )

    assert "about" not in plan.text()
    assert Plan.model_validate_json(plan.text()) == plan
    about = plan.model_copy(update={"about": "nina"})
    assert about.digest != plan.digest
    assert Plan.model_validate_json(about.text()) == about
