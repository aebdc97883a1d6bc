"""What a worker does about others in its pool, look by look."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelling, Paused, Pending, Running

from adapters.ledger import SqlJournal
from adapters.ledger.workers import Workers
from demo.stage import Stage
from flows.pool import make_pool
from flows.worker import takeover
from flows.worker.life import Life
from flows.worker.settings import WorkerSettings
from flows.worker.takeover import Onlooker
from tests.flows.test_worker_reconcile import run_in
from tests.flows.workshop import read

pytestmark = pytest.mark.xdist_group("stage")

ME, OTHER = "me", "other"


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with SqlJournal(f"sqlite:///{tmp_path}/ledger.db") as journal:
        yield Workers(journal)


@pytest.fixture
def me(stage: Stage, workers: Workers) -> Life:
    pool = f"pool-{uuid.uuid4().hex[:6]}"
    make_pool(pool)
    return Life(workers, WorkerSettings(pool, ME), workers.enter(pool, ME, "here", 30))


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NAMELESS_AFTER", "PENDING_AFTER"):
        monkeypatch.setattr(takeover, name, -1.0)


def _look(me: Life, times: int, between: Callable[[], object] = lambda: None) -> None:
    async def look() -> None:
        async with get_client() as client:
            onlooker = Onlooker(client, me)
            for _ in range(times):
                await onlooker.look()
                between()

    asyncio.run(look())


def test_the_runs_of_the_dead_are_scheduled_anew_and_no_others(me: Life) -> None:
    pool = me.settings.pool
    me.workers.enter(pool, OTHER, "there", patience=0)
    lost = run_in(me.settings, Running(), OTHER)
    kept: list[tuple[State[Any], str]] = [(Paused(), OTHER), (Running(), ME), (Running(), "stock")]
    others = [run_in(me.settings, state, name) for state, name in kept]

    _look(me, 4)

    assert read(lost).state_name == "AwaitingRetry"
    assert [read(run).state_name for run in others] == ["Paused", "Running", "Running"]
    assert [each.name for each in me.workers.find(pool)] == [ME]


def test_a_cancellation_that_the_dead_was_asked_for_is_carried_out(me: Life) -> None:
    me.workers.enter(me.settings.pool, OTHER, "there", patience=0)
    run = run_in(me.settings, Cancelling(), OTHER)

    _look(me, 3)

    assert read(run).state_name == "Cancelled"


def test_the_runs_of_the_living_are_left_alone(me: Life) -> None:
    life = me.workers.enter(me.settings.pool, OTHER, "there", patience=0)
    run = run_in(me.settings, Running(), OTHER)

    _look(me, 4, lambda: me.workers.beat(life))

    assert read(run).state_name == "Running"


def test_a_pending_run_that_may_just_be_taken_is_left_for_a_while(me: Life) -> None:
    me.workers.enter(me.settings.pool, OTHER, "there", patience=0)
    run = run_in(me.settings, Pending(), OTHER)

    _look(me, 4)

    assert read(run).state_name == "Pending"


@pytest.mark.usefixtures("no_patience")
def test_a_run_without_a_name_is_settled_by_the_first_worker_alone(me: Life) -> None:
    first = me.workers.enter(me.settings.pool, "first", "there", 30)
    states: list[State[Any]] = [Pending(), Cancelling()]
    runs = [run_in(me.settings, state, "") for state in states]
    _look(me, 2)
    assert [read(run).state_name for run in runs] == ["Pending", "Cancelling"]
    me.workers.leave(first)

    _look(me, 2)

    assert [read(run).state_name for run in runs] == ["AwaitingRetry", "Cancelled"]


def test_an_heir_that_is_not_certain_to_live_settles_nothing(me: Life) -> None:
    me.workers.enter(me.settings.pool, OTHER, "there", patience=0)
    run = run_in(me.settings, Running(), OTHER)
    dead = next(each for each in me.workers.find(me.settings.pool) if each.name == OTHER)
    assert me.workers.inherit(dead, ME)
    me.settings = WorkerSettings(me.settings.pool, ME, patience=0)

    _look(me, 2)

    assert read(run).state_name == "Running"


def test_a_run_that_changed_since_it_was_seen_is_left_alone(me: Life) -> None:
    run = run_in(me.settings, Running(), OTHER)

    async def look() -> None:
        async with get_client() as client:
            seen = await client.read_flow_run(UUID(run))
            await _set(client, run, Running())
            await takeover._hand_on(client, seen, "late")

    asyncio.run(look())

    assert read(run).state_name == "Running"


async def _set(client: PrefectClient, run: str, state: State[Any]) -> None:
    await client.set_flow_run_state(UUID(run), state, force=True)
