"""Starts that come to nothing, and runs that are retried before the ledger has anything of them."""

from __future__ import annotations

import pytest

from engine.ledger import Entry, Event
from engine.vouching import TOLD, prove_again
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


def test_a_run_that_was_cancelled_before_it_began_is_revived_by_nobody(town: Town) -> None:
    with town.without_worker():
        run = town.start("redis-password")
        press(town, run, "otto", "CANCELLED")
        press(town, run, "olga", "SCHEDULED")
    refused = attempt(town, run)

    assert (refused.actor.subject, refused.actor.verified) == ("olga", "token")
    assert refused.details["why"] == "this run was cancelled before it had begun"
    assert town.trail(run) == []


def test_a_run_that_never_began_is_retried_by_its_initiator_alone(town: Town) -> None:
    first = town.start("redis-password")
    town.stands(first)
    run = town.start("redis-password", by="otto")
    attempt(town, run)
    town.reject(first)
    press(town, run, "olga", "SCHEDULED")
    refused = attempt(town, run, before=1)
    press(town, run, "otto", "SCHEDULED")
    town.stands(run)
    [started, *_] = town.trail(run)

    assert refused.actor.subject == "olga"
    assert refused.details["why"].startswith("otto started this run, and olga retried it")
    assert (started.event, started.actor.subject) == (Event.RUN_STARTED, "otto")
    again = started.details["retried"]
    assert (again["move"], again["subject"], again["verified"]) == ("retry", "otto", "token")
    platform = town.stage.platform()
    prove_again(platform.journal.of(*TOLD), platform.approval_keys())
    town.reject(run)


def press(town: Town, run: str, by: str, wanted: str) -> None:
    """Cancel or retry a run as this person."""
    sent = town.client(by).post(f"/flow_runs/{run}/set_state", json={"state": {"type": wanted}})
    told = sent.json()
    # where there is no process to end, Prefect makes it cancelled in place of cancelling
    assert told["status"] == "ACCEPT" or told["state"]["type"] == wanted, sent.text


def attempt(town: Town, run: str, before: int = 0) -> Entry:
    """Wait until one more start of this run was refused, and return what the ledger has of it."""
    platform = town.stage.platform()

    def look() -> Entry | None:
        refused = platform.journal.of(Event.ATTEMPT_REFUSED)
        own = [entry for entry in refused if entry.details["about"] == run]
        return own[before] if len(own) > before else None

    found = until(look, f"a start of run {run} to be refused")
    with town.oncall.acting("olga"):
        until(lambda: True if prefect_state(run) == "Failed" else None, f"run {run} to fail")
    return found
