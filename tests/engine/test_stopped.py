"""A renewal that was stopped after it had published leaves both slots open."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from engine.errors import Refused
from engine.ledger import Draft, Entry, Event, chain
from engine.stopped import Stopped, ended_otherwise, has_published, refuse_unsettled

SLOTS = {"a", "b"}
PLAN = json.dumps({"steps": [{"id": "sops", "uses": "sops.set"}, {"id": "out", "uses": "git.publish"}]})  # fmt: skip


def entry(run: str, event: Event, step: str = "", **details: Any) -> Entry:
    return chain(
        Draft(run, event, step=step, details=details), "2026-11-26T12:00:00.000000Z", 1, "0"
    )


def ended(run: str, slot: str, outcome: str) -> list[Entry]:
    return [
        entry(run, Event.RUN_STARTED, secret=slot),
        entry(run, Event.RUN_ENDED, outcome=outcome),
    ]


def left(*entries: list[Entry]) -> list[str]:
    return [each.run for each in ended_otherwise(itertools.chain(*entries), SLOTS)]


def test_a_later_renewal_that_completes_settles_what_was_stopped_before() -> None:
    first, second = ended("1", "b", "stopped"), ended("2", "a", "stopped")

    assert left(first, second) == ["2", "1"]
    assert left(first, ended("2", "a", "rolled back")) == ["1"]
    assert left(first, ended("2", "other", "completed")) == ["1"]
    assert left(first, ended("2", "b", "completed")) == []
    assert left(ended("0", "a", "completed"), first) == ["1"]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ([], False),
        ([entry("1", Event.STEP_STARTED, "sops")], False),
        ([entry("1", Event.STEP_STARTED, "out")], True),
        (
            [
                entry("1", Event.STEP_STARTED, "out"),
                entry("1", Event.UNDO_STARTED, "out"),
                entry("1", Event.UNDO_SUCCEEDED, "out", outputs={}, evidence=""),
            ],
            False,
        ),
    ],
    ids=["nothing", "stored alone", "begun", "taken back"],
)
def test_what_was_published_and_not_taken_back_counts(last: list[Entry], expected: bool) -> None:
    begun = entry("1", Event.RUN_STARTED, secret="b", plan=PLAN)

    assert has_published("1", [begun, *last]) is expected


def test_a_plan_that_cannot_be_read_any_more_counts_as_published() -> None:
    assert has_published("1", [entry("1", Event.RUN_STARTED, secret="b", plan="{}")])


def test_the_refusal_names_the_run_and_what_to_say() -> None:
    stopped = Stopped("run-1", "b", "", "")
    with pytest.raises(Refused, match="run run-1 was stopped after it had published b") as caught:
        refuse_unsettled(stopped, "a", "  ")

    assert "start the renewal with `settled` saying why" in caught.value.hint
    refuse_unsettled(stopped, "a", "every bank confirmed the other one")
    refuse_unsettled(None, "a")
