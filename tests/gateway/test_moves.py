"""A cancel ends the process of a run, however it is asked for, and nothing is cancelled twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway.town import Town

pytestmark = pytest.mark.xdist_group("gated")


def later(town: Town) -> str:
    """Return a run that no worker takes up yet."""
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {
        "parameters": {"reason": "a test of the gateway", "secret": "redis-password"},
        "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": at}},
    }
    sent = town.client("otto").post(f"/deployments/{town.deployment()}/create_flow_run", json=body)
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


def becomes(town: Town, run: str, kind: str, *, by: str, force: bool = False) -> tuple[int, str]:
    """Ask for a state, and return the status of the answer, and the state or the reason."""
    body = {"state": {"type": kind}, "force": force}
    sent = town.client(by).post(f"/flow_runs/{run}/set_state", json=body)
    told = sent.json()
    return sent.status_code, told["state"]["type"] if sent.is_success else told["detail"]


@pytest.mark.parametrize("asked", ["CANCELLED", "CANCELLING"])
@pytest.mark.parametrize("found", ["PENDING", "RUNNING"])
def test_a_run_that_may_have_a_process_is_cancelled_by_ending_it(
    town: Town, found: str, asked: str
) -> None:
    run = later(town)
    assert becomes(town, run, found, by="worker", force=True)[1] == found

    assert becomes(town, run, asked, by="otto") == (201, "CANCELLING")

    assert becomes(town, run, asked, by="olga")[0] == 403  # already, or by now ended
    becomes(town, run, "CANCELLED", by="worker", force=True)
    assert town.client("anna").delete(f"/flow_runs/{run}").status_code == 204


@pytest.mark.parametrize("asked", ["CANCELLED", "CANCELLING"])
def test_a_run_without_a_process_is_cancelled_at_once(town: Town, asked: str) -> None:
    run = later(town)

    assert becomes(town, run, asked, by="otto") == (201, "CANCELLED")

    assert town.client("anna").delete(f"/flow_runs/{run}").status_code == 204


@pytest.mark.parametrize("ended", ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"])
def test_a_run_that_has_ended_is_not_cancelled(town: Town, ended: str) -> None:
    run = later(town)
    becomes(town, run, ended, by="worker", force=True)

    told = becomes(town, run, "CANCELLED", by="otto")

    assert told == (
        403,
        f"this run has ended already: it is {ended}, and nothing is left to cancel",
    )
    assert town.client("anna").delete(f"/flow_runs/{run}").status_code == 204
