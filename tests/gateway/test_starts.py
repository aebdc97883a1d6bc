"""Starts that come to nothing, and runs that are retried before the ledger has anything of them."""

from __future__ import annotations

import pytest

from engine.ledger import Entry, Event
from flows.door import prefect_state
from tests.flows.voyages import until
from tests.gateway.town import Town

pytestmark = pytest.mark.xdist_group("gated")


def test_a_start_that_is_refused_is_recorded_as_the_persons_who_signed_it(town: Town) -> None:
    first = town.start("redis-password")
    town.stands(first)
    second = town.start("redis-password", by="anna")
    refused = attempt(town, second)

    assert (refused.actor.subject, refused.actor.verified) == ("anna", "token")
    assert "is held by run" in refused.details["why"]
    assert town.trail(second) == []
    town.reject(first)


def attempt(town: Town, run: str) -> Entry:
    """Wait until a start of this run was refused, and return what the ledger has of it."""
    with town.oncall.acting("olga"):
        until(lambda: True if prefect_state(run) == "Failed" else None, f"run {run} to fail")
    refused = town.stage.platform().journal.of(Event.ATTEMPT_REFUSED)
    return [entry for entry in refused if entry.details["about"] == run][-1]
