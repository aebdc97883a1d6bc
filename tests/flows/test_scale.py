"""Beyond one machine: two hosts with no shared disk, PostgreSQL for all; one sleeps, one is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx
import pytest

from adapters.ledger.workers import Workers
from adapters.platform import Platform, open_platform
from demo.oncall import OnCall
from demo.proof import ask_sandbox, proofs
from demo.stage import NO_CLOCK, POOL, Stage, set_stage
from engine.ledger import Entry, Event
from engine.state import Outcome
from flows.door import at_server, prefect_state
from flows.worker.reconcile import NAME_LABEL
from sandbox.postgresql import Postgres
from tests.flows import workshop
from tests.flows.hosts import Host, has_ended, set_up
from tests.flows.voyages import begin, entries, gate, sail, until

pytest_plugins = ["tests.postgres"]
pytestmark = pytest.mark.xdist_group("scale")

NO_WORKER = ("flows.worker", "--help")
"""In the place of the stage's own worker: it ends at once."""
SLOW = {
    "vaultwarden": {"double": "vaultwarden", "method": "PUT", "path": "/api/ciphers/*"},
    "restart": {"double": "kubernetes", "method": "PATCH", "path": "/apis/apps/*"},
}
"""Which request of a step takes long."""


@dataclass(frozen=True)
class OneLedger(Stage):
    """A stage that opens its ledger once, because PostgreSQL's connections want to be closed."""

    def platform(self) -> Platform:
        return self._platform

    @cached_property
    def _platform(self) -> Platform:
        return open_platform(self.settings_file)


@pytest.fixture
def servers(postgres: Postgres, tmp_path: Path) -> Iterator[Stage]:
    """The servers alone: sandbox and Prefect, with PostgreSQL for Prefect and the ledger."""
    with postgres.new_database() as prefect, postgres.new_database() as ledger:
        server = postgres.url(prefect, driver="asyncpg")
        stage = set_stage(
            tmp_path / "servers",
            say=lambda _: None,
            worker=NO_WORKER,
            changes={"ledger": {"url": postgres.url(ledger)}},
            extra={**NO_CLOCK, "PREFECT_SERVER_DATABASE_CONNECTION_URL": server},
        )
        with stage as made, at_server(made.api_url):
            kept = OneLedger(**vars(made))
            yield kept
            kept.platform().journal.close()


@pytest.fixture
def hosts(servers: Stage, tmp_path: Path) -> Iterator[dict[str, Host]]:
    with ExitStack() as stack:
        made = {}
        for name in ("one", "two"):
            made[name] = set_up(servers, name, tmp_path / name, "--patience", "15")
            stack.callback(made[name].program.stop)
        yield made


@pytest.mark.timeout(600)
def test_a_run_survives_a_host_that_slept_and_one_that_is_lost_and_nothing_is_done_twice(
    servers: Stage, hosts: dict[str, Host]
) -> None:
    before = ask_sandbox(servers, "state")
    run = begin()

    slept = hosts[_let_begin(servers, run, "vaultwarden")]
    sleeper = until(lambda: _only(slept.runs()), "the process of the step")
    asleep = slept.fall_asleep()
    _until_elsewhere(servers, run)
    sail(servers, run, stop_before="restart")
    until(lambda: prefect_state(run) == "Suspended" or None, "the run to stand at its gate")
    os.kill(sleeper, signal.SIGCONT)
    until(lambda: has_ended(sleeper), "the run that slept to end")
    assert _attempts_only_rise(entries(servers, run))
    assert prefect_state(run) == "Suspended"
    for process in asleep:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)
    until(lambda: set(_at_work(servers)) == set(hosts) or None, "the host that slept to be back")

    lost = hosts.pop(_let_begin(servers, run, "restart"))
    lost.die()
    _until_elsewhere(servers, run)
    ended = sail(servers, run)

    [other] = hosts
    after = ask_sandbox(servers, "state")
    assert ended.outcome is Outcome.COMPLETED
    assert workshop.read(run).labels[NAME_LABEL] == other
    assert len(list(proofs(servers, run))) == 5
    assert _restarts(after) - _restarts(before) == 1
    assert after["anthropic"]["deactivations"] - before["anthropic"]["deactivations"] == 1
    assert len([line for line in after["remote"]["log"] if run in str(line)]) <= 1
    approved = [e.step for e in entries(servers, run) if e.event is Event.GATE_APPROVED]
    assert len(approved) == len(set(approved))


def _let_begin(servers: Stage, run: str, step: str) -> str:
    """Sail to this step and let it be slow; return whose worker is in the middle of it."""
    sail(servers, run, stop_before=step)
    opening = gate(servers, run)
    assert opening is not None
    httpx.post(
        _faults(servers), json={**SLOW[step], "kind": "delay", "seconds": 20}
    ).raise_for_status()
    OnCall(servers).decide(run, opening)
    until(lambda: _is_begun(entries(servers, run)[-1], step), f"{step} to be begun")
    return str(workshop.read(run).labels[NAME_LABEL])


def _until_elsewhere(servers: Stage, run: str) -> None:
    """Lift what makes the step slow, and wait until another process has picked the run up."""
    httpx.delete(_faults(servers)).raise_for_status()
    attempt = entries(servers, run)[-1].attempt
    until(lambda: entries(servers, run)[-1].attempt > attempt or None, "another to go on")


def _faults(servers: Stage) -> str:
    return f"{servers.world['urls']['control']}/sandbox/faults"


def _at_work(servers: Stage) -> list[str]:
    """Return the workers that show life and are not given up."""
    workers = Workers(servers.platform().journal)
    return [each.name for each in workers.find(POOL) if not each.heir]


def _only(found: list[int]) -> int | None:
    return found[0] if len(found) == 1 else None


def _attempts_only_rise(trail: list[Entry]) -> bool:
    attempts = [entry.attempt for entry in trail]
    return attempts == sorted(attempts)


def _is_begun(last: Entry, step: str) -> bool | None:
    return (last.event, last.step) == (Event.STEP_STARTED, step) or None


def _restarts(told: dict[str, dict[str, dict[str, int]]]) -> int:
    return told["kubernetes"]["restarts"]["ai-bos-agent/ai-agents"]
