from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exits import Exit
from engine.ledger import Event
from tests.cli.conftest import Runbook
from tests.cli.story import told

INPUTS = ("-i", "secret=redis-password", "-i", "reason=it is time")
UNTIL = ("--until", "2999-01-01")


def test_a_yes_to_a_later_run_is_bound_to_its_plan_and_end(
    runbook: Runbook, settings: Path
) -> None:

    end = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    ended = runbook(
        *("--settings", settings, "preapprove", "rotate-api-key", *INPUTS),
        *("--until", end, "--through", "publish", "--by", "olga", "--comment", "tonight"),
    )
    with told(settings) as platform:
        [entry] = platform.journal.of(Event.RUN_PREAPPROVED)
        inputs = {"secret": "redis-password", "reason": "it is time"}
        plan = platform.plan("rotate-api-key", inputs)

    assert ended.code == 0, ended.err
    assert (entry.plan, entry.details["plan"]) == (plan.digest, plan.text())
    assert (entry.actor.subject, entry.actor.groups) == ("olga", ("plana-staff",))
    assert entry.details["through"] == "publish"
    assert entry.details["comment"] == "tonight"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--through", "publish", "--by", "mallory"), "mallory is in none of the groups"),
        (("--through", "publish", "--by", "olga"), "it must end after now and within 31 days"),
        (("--through", "nope", "--by", "olga"), "rotate-api-key has no step nope"),
    ],
)
def test_who_may_not_is_refused_and_recorded(
    runbook: Runbook, settings: Path, asked: tuple[str, ...], why: str
) -> None:
    ended = runbook("--settings", settings, "preapprove", "rotate-api-key", *INPUTS, *UNTIL, *asked)
    with told(settings) as platform:
        [attempt] = platform.journal.entries()

    assert ended.code == Exit.REFUSED
    assert why in ended.err
    assert attempt.event is Event.ATTEMPT_REFUSED
    assert (attempt.details["what"], attempt.details["about"]) == ("preapprove", "rotate-api-key")
