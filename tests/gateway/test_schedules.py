"""A schedule starts what allows it, and relies on a yes that somebody gave before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from demo.processes import run as run_program
from demo.stage import ROOT
from engine.ledger import Actor, Draft, Event, timestamp
from flows.door import at_server, prefect_state
from tests.flows.voyages import until
from tests.gateway.town import RUNBOOK, Town, behind

pytestmark = pytest.mark.xdist_group("gated")

GIVEN = {"reason": "every month", "secret": "redis-password"}
OLGA = Actor("olga", verified="token", groups=("plana-staff",), via="cli")


@contextmanager
def allowing(town: Town) -> Iterator[None]:
    """Let a schedule start the runbook for a while."""
    path = town.stage.platform().settings.runbooks / f"{RUNBOOK}.yaml"
    before = path.read_text()
    path.write_text(before.replace("\ninputs:\n", "\nschedule: allowed\ninputs:\n", 1))
    try:
        yield
    finally:
        path.write_text(before)


@contextmanager
def monthly(town: Town) -> Iterator[UUID]:
    """Give the deployment a schedule that comes due now, as a deployer does."""
    deployer, deployment = town.client("deployer"), town.deployment()
    due = datetime.now(UTC)
    schedule = {"interval": 30 * 86_400, "anchor_date": due.isoformat(), "timezone": "UTC"}
    asked = [{"schedule": schedule, "parameters": GIVEN, "slug": "monthly"}]
    made = deployer.post(f"/deployments/{deployment}/schedules", json=asked).raise_for_status()
    try:
        yield UUID(deployment)
    finally:
        path = f"/deployments/{deployment}/schedules/{made.json()[0]['id']}"
        deployer.delete(path).raise_for_status()


def tick(town: Town, deployment: UUID, folder: Path) -> str:
    """Let Prefect's scheduler look once, and return the run that it made."""
    log = folder / "clock.log"
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    run_program(["tests.gateway.clock", str(deployment), since], log, town.stage.variables, ROOT)
    return str(re.findall(r"^[0-9a-f-]{36}$", log.read_text(), re.MULTILINE)[-1])


def preapprove(town: Town) -> None:
    plan = town.stage.platform().plan(RUNBOOK, GIVEN)
    told = {
        "runbook": RUNBOOK,
        "plan": plan.text(),
        "through": "verify",
        "until": timestamp(datetime.now(UTC) + timedelta(hours=1)),
        "comment": "as every month",
    }
    draft = Draft("", Event.RUN_PREAPPROVED, OLGA, plan=plan.digest, details=told)
    town.stage.platform().journal.append(draft)


def test_a_scheduled_run_that_was_approved_before_goes_through(town: Town, tmp_path: Path) -> None:
    with allowing(town), monthly(town) as deployment:
        preapprove(town)
        run = tick(town, deployment, tmp_path)
        town.settled(run)

    trail = town.trail(run)
    assert (trail[0].event, trail[0].actor.subject) == (Event.RUN_STARTED, "schedule")
    assert (trail[0].actor.verified, trail[0].details["schedule"]) == ("schedule", "monthly")
    assert (trail[1].event, trail[1].actor) == (Event.GATE_PREAPPROVED, OLGA)
    assert trail[-1].details == {"outcome": "completed"}
    assert Event.GATE_OPENED not in {entry.event for entry in trail}


def test_a_schedule_that_the_runbook_does_not_allow_starts_nothing(
    town: Town, tmp_path: Path
) -> None:
    with monthly(town) as deployment:
        run = tick(town, deployment, tmp_path)
        told = refused(town, run)

    assert "a schedule started this run, and rotate-api-key lets none" in told
    assert town.trail(run) == []
    attempt = town.stage.platform().journal.of(Event.ATTEMPT_REFUSED)[-1]
    assert (attempt.actor.subject, attempt.details["about"]) == ("schedule", run)


def test_nobody_passes_for_a_schedule(town: Town, back: str) -> None:
    deployment = town.deployment()
    like = {
        "created_by": {"type": "SCHEDULE", "display_value": "monthly"},
        "auto_scheduled": True,
        "parameters": {**GIVEN, "secret": "website-session-secret"},
    }
    key = {"idempotency_key": f"scheduled {deployment} x x"}
    path = f"/deployments/{deployment}/create_flow_run"
    for name in ("otto", "anna", "worker"):
        assert town.client(name).post(path, json={**like, **key}).status_code == 403
    started = town.client("otto").post(path, json=like).json()
    with allowing(town), behind(back) as client:
        made: Any = client.create_flow_run_from_deployment(
            UUID(deployment), parameters=like["parameters"], idempotency_key=key["idempotency_key"]
        )
        told = refused(town, str(made.id))

    assert (started["auto_scheduled"], started["created_by"]["type"]) == (False, "USER")
    town.stands(started["id"])
    assert town.trail(started["id"])[0].actor.subject == "otto"
    assert "nobody whom the gateway knows started this run" in told
    town.reject(started["id"])


def refused(town: Town, run: str) -> str:
    """Wait until Prefect has given the run up, and return why."""
    with town.oncall.acting("olga"), at_server(town.stage.api_url, town.oncall.tokens["olga"]):
        until(lambda: True if prefect_state(run) == "Failed" else None, f"run {run} to fail")
    told: str = town.client("olga").get(f"/flow_runs/{run}").json()["state"]["message"]
    return told
