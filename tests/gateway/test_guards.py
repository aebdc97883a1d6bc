"""What a worker may say of a run: a real gateway, and a worker's own token."""

from __future__ import annotations

from typing import Any

import pytest

from engine.ledger import Event
from tests.gateway.town import Town

pytestmark = pytest.mark.xdist_group("gated")


def test_a_worker_labels_a_run_but_not_as_the_gateway_does(town: Town) -> None:
    run = town.start("matomo-admin-password")
    town.stands(run)
    worker = town.client("worker")
    before = worker.get(f"/flow_runs/{run}").json()["labels"]["runbook.initiator"]

    sent = worker.patch(
        f"/flow_runs/{run}/labels", json={"runbook.initiator": "forged", "mine": "x"}
    )

    labels = worker.get(f"/flow_runs/{run}").json()["labels"]
    assert sent.status_code == 204
    assert labels["runbook.initiator"] == before
    assert labels["mine"] == "x"
    town.reject(run)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "renamed"}, 204),
        ({"empirical_policy": {"pause_keys": []}}, 204),
        ({"empirical_policy": {"pause_keys": ["generate-step-1"]}}, 403),
        ({"name": "x", "parameters": {}}, 403),
        ({"parameters": {"secret": "redis-password"}}, 403),
        ({"job_variables": {}}, 403),
    ],
)
def test_a_worker_notes_what_it_knows_and_never_what_a_run_is_to_do(
    town: Town, ended: str, body: dict[str, Any], status: int
) -> None:
    assert town.client("worker").patch(f"/flow_runs/{ended}", json=body).status_code == status


def test_only_an_admin_deletes_a_run_and_only_one_that_has_ended(town: Town) -> None:
    run = town.start("website-session-secret")
    town.stands(run)
    assert town.client("anna").delete(f"/flow_runs/{run}").status_code == 403
    town.reject(run)

    assert town.client("olga").delete(f"/flow_runs/{run}").status_code == 403
    town.settled(run)
    assert town.client("anna").delete(f"/flow_runs/{run}").status_code == 204
    assert town.trail(run)[-1].event is Event.RUN_ENDED


@pytest.fixture(scope="module")
def ended(town: Town) -> str:
    """A run that has ended."""
    run = town.start("psd2-webhook-secret")
    town.stands(run)
    town.reject(run)
    town.settled(run)
    return run
