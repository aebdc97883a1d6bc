"""Many rotations in one SOPS file at once: all end right, and no update is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.ledger import SqlJournal
from engine.execution import Failed, perform
from engine.fold import fold
from engine.job import Desk, Job
from engine.ledger import Actor, Draft, Event
from engine.plan import Plan, PlannedStep
from engine.runbook import Gate
from engine.sealing import Seal
from engine.step import AnyStep, Ask
from tests.adapters import infra as world
from tests.adapters.infra import FILE

ROTATIONS = 40
AT_ONCE = ROTATIONS
"""Each is its own run, with its own clones and its own lease."""


@pytest.mark.timeout(600)
def test_many_rotations_in_one_file_all_end_right(tmp_path: Path) -> None:
    infra = world.build(tmp_path)
    tree = {"keys": {f"key_{n}": f"old-value-{n}" for n in range(ROTATIONS)}}
    infra.commit({FILE: infra.encrypt(tree)}, text="Many keys")
    identity = SecretStr(infra.keys["engine"].read_text().splitlines()[1])
    url = f"sqlite:///{tmp_path / 'ledger.db'}"

    def rotate(number: int) -> Failed | None:
        with SqlJournal(url, patience=120) as journal:  # its own connection, as in a process
            desk = Desk(
                journal=journal,
                registry=infra.steps(),
                seal=Seal(identity),
                fingerprint_key=SecretStr("k" * 32),
                report=lambda _: None,
            )
            return _rotate(desk, number)

    with ThreadPoolExecutor(AT_ONCE) as people:
        failures = list(people.map(rotate, range(ROTATIONS)))

    assert [failed for failed in failures if failed] == []
    assert infra.values()["keys"] == {f"key_{n}": f"new-value-{n}" for n in range(ROTATIONS)}
    assert infra.branches() == {"main"}
    subjects = infra.in_remote("log", "--format=%(trailers:key=Runbook-Run,valueonly)", "main")
    assert sorted(filter(None, subjects.split())) == sorted(f"run-{n}" for n in range(ROTATIONS))


def _rotate(desk: Desk, number: int) -> Failed | None:
    run, plan = f"run-{number}", _plan(desk.registry, number)
    desk.journal.append(
        Draft(run, Event.RUN_STARTED, Actor("otto"), attempt=1, plan=plan.digest),
        hold=[f"secret:key-{number}"],
    )
    desk.journal.append(
        Draft(run, Event.STEP_SUCCEEDED, step="make", attempt=1, plan=plan.digest,
              details={"outputs": {}, "sealed": ["value"], "evidence": "made"}),
        seal={"value": desk.seal.close(SecretStr(f"new-value-{number}"))},
    )  # fmt: skip
    for step in plan.steps[1:]:
        state = fold(run, desk.journal.entries(run))
        failed = perform(Job(desk, plan, state, step))
        if failed:
            return failed
    return None


def _plan(registry: object, number: int) -> Plan:
    assert isinstance(registry, dict)
    path = f"keys.key_{number}"
    return Plan(
        runbook="rotate-key", title="", description="", secret=f"key-{number}", inputs={},
        gate=Gate(), steps=(
            _step("make", registry["sops.read"], {}),
            _step("sops", registry["sops.set"],
                  {"value": "${{ steps.make.value }}", "at": {"file": FILE, "path": path}}),
            _step("publish", registry["git.publish"], {}),
        ),
    )  # fmt: skip


def _step(name: str, step: AnyStep, given: dict[str, object]) -> PlannedStep:
    return PlannedStep(
        id=name, name=name, uses=step.name, with_=given, gate=None, may_skip=False,
        effect=step.effect, ask=Ask.NOTHING, no_return=False,
    )  # fmt: skip
