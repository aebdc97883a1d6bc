"""Which runs a starting worker takes for lost, and which it leaves alone."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelling, Pending, Running

from demo.stage import Stage
from flows.pool import make_pool
from flows.worker import reconcile as reconciling
from flows.worker.reconcile import NAME_LABEL, reconcile, reconcile_pending, sweep
from flows.worker.settings import WorkerSettings
from tests.flows.workshop import read

pytestmark = pytest.mark.xdist_group("stage")

OURS, THEIRS = "ours", "theirs"


@pytest.fixture
def worker(stage: Stage) -> WorkerSettings:
    name = f"pool-{uuid.uuid4().hex[:6]}"
    make_pool(name)
    return WorkerSettings(name, OURS)


@pytest.fixture
def neighbour(worker: WorkerSettings) -> None:
    async def show_life(client: PrefectClient) -> None:
        await client.send_worker_heartbeat(worker.pool, THEIRS, 30)

    _ask(show_life)


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "CANCELLED_AFTER", -1.0)


def test_a_run_that_this_worker_lost_is_crashed(worker: WorkerSettings) -> None:
    run = run_in(worker, Running(), OURS)

    _ask(lambda client: reconcile(client, worker))

    assert read(run).state_name == "Crashed"


def test_a_cancellation_that_this_worker_lost_is_carried_out(worker: WorkerSettings) -> None:
    run = run_in(worker, Cancelling(), OURS)

    _ask(lambda client: reconcile(client, worker))

    assert read(run).state_name == "Cancelled"


@pytest.mark.usefixtures("no_patience")
def test_the_runs_of_another_worker_are_left_alone(worker: WorkerSettings) -> None:
    states: list[State[Any]] = [Running(), Pending(), Cancelling()]
    runs = [run_in(worker, state, THEIRS) for state in states]

    _ask(lambda client: reconcile(client, worker))
    _ask(lambda client: sweep(client, worker))

    assert [read(run).state_name for run in runs] == ["Running", "Pending", "Cancelling"]


@pytest.mark.usefixtures("neighbour")
def test_a_nameless_run_may_be_that_of_a_worker_that_is_online(worker: WorkerSettings) -> None:
    run = run_in(worker, Cancelling(), "")

    _ask(lambda client: reconcile(client, worker))

    assert read(run).state_name == "Cancelling"


def test_a_nameless_run_is_lost_when_no_other_worker_is_online(worker: WorkerSettings) -> None:
    run = run_in(worker, Cancelling(), "")

    _ask(lambda client: reconcile(client, worker))

    assert read(run).state_name == "Cancelled"


def test_a_pending_run_is_looked_at_twice(worker: WorkerSettings) -> None:
    lost, taken = (run_in(worker, Pending(), OURS) for _ in range(2))

    seen = _ask(lambda client: reconcile(client, worker))
    assert read(lost).state_name == "Pending"
    _ask(lambda client: client.set_flow_run_state(UUID(taken), Pending(), force=True))
    _ask(lambda client: reconcile_pending(client, worker, seen))

    assert read(lost).state_name == "Crashed"
    assert read(taken).state_name == "Pending"


def test_a_young_cancellation_is_left_to_prefect(worker: WorkerSettings) -> None:
    run = run_in(worker, Cancelling(), OURS)

    _ask(lambda client: sweep(client, worker))

    assert read(run).state_name == "Cancelling"


@pytest.mark.usefixtures("no_patience")
def test_an_old_cancellation_is_carried_out(worker: WorkerSettings) -> None:
    run = run_in(worker, Cancelling(), OURS)

    _ask(lambda client: sweep(client, worker))

    assert read(run).state_name == "Cancelled"


def run_in(worker: WorkerSettings, state: State[Any], name: str) -> str:
    """Return a run of the pool in this state; no process executes it."""

    async def make(client: PrefectClient) -> str:
        flow = await client.create_flow_from_name("nothing")
        deployment = await client.create_deployment(
            flow, name=worker.pool, work_pool_name=worker.pool, entrypoint="nothing.py:nothing"
        )
        run = await client.create_flow_run_from_deployment(deployment, state=Pending())
        if name:
            await client.update_flow_run_labels(run.id, {NAME_LABEL: name})
        await client.set_flow_run_state(run.id, state, force=True)
        return str(run.id)

    return str(_ask(make))


def _ask(call: Callable[[PrefectClient], Awaitable[Any]]) -> Any:
    async def ask() -> Any:
        async with get_client() as client:
            return await call(client)

    return asyncio.run(ask())
