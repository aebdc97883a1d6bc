from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.ledger import Event
from tests.cli.conftest import Ended, Runbook
from tests.cli.story import RUN, Story, told
from tests.ground import ANTHROPIC, Ground, ground

NEW, THIRD = "new-0123456789-value", "third-9876543210-value"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as found:
        yield found


def begin(
    found: Ground, gate: str = "sops", new: str = NEW, runbook: str = "rotate-api-key"
) -> None:
    """Tell the ledger of a run that has read the old value, made the new one, and stands at a gate."""
    marks = {"current": found.name(found.old), "generate": found.name(new)}
    with told(found.settings) as platform:
        story = Story(platform)
        if runbook != story.plan.runbook:
            story.plan = platform.plan(runbook, {"reason": "it is time"})
        story.start()
        for step in story.plan.steps[: story.plan.index(gate)]:
            finish(story, step.id, marks.get(step.id, ""))
        story.ask(gate, 1)


def finish(story: Story, step: str, fingerprint: str) -> None:
    story.tell(Event.STEP_STARTED, step, key=f"{RUN}/{step}")
    outputs = {"fingerprint": fingerprint} if fingerprint else {}
    story.tell(Event.STEP_SUCCEEDED, step, outputs=outputs, sealed=[], evidence="it is done")


def status(runbook: Runbook, found: Ground, *options: str) -> Ended:
    ended = runbook("--settings", found.settings, "status", RUN[:8], *options)
    assert found.leaks(ended.out, ended.err) == []
    assert ended.code == 0, ended.err
    return ended


def stands(runbook: Runbook, found: Ground) -> dict[str, str]:
    """Return what each place is to the run, and the safe move under `safe`."""
    answer: dict[str, Any] = json.loads(status(runbook, found, "--json").out)
    places: dict[str, str] = {each["name"]: each["stands"] for each in answer["stores"]}
    return {**places, "safe": answer["safe"]}


SECRET, PODS = "Secret redis/redis-secrets", "pods of statefulset/redis"
BRANCH = f"SOPS rotate/{RUN}"


def test_before_a_value_is_written_all_is_old(runbook: Runbook, redis: Ground) -> None:
    begin(redis)
    seen = stands(runbook, redis)

    assert [seen[name] for name in ("SOPS main", "Vaultwarden", SECRET, PODS)] == ["old"] * 4
    assert BRANCH not in seen
    assert seen["safe"].startswith(
        "plana-staff (olga, otto, petra) or plana-admins (anna, ada) may"
    )
    assert seen["safe"].endswith(f"approve sops: runbook approve {RUN[:8]}")


def test_a_pending_value_is_new_on_its_branch_alone(runbook: Runbook, redis: Ground) -> None:
    begin(redis, "vaultwarden")
    redis.put(NEW)
    ended = status(runbook, redis)

    rows = [line for line in ended.out.splitlines() if redis.name(NEW) in line]
    assert [line.split()[:3] for line in rows] == [["SOPS", f"rotate/{RUN}", "new"]]
    assert "\nsafe: plana-staff" in ended.out


def test_a_published_value_is_new_on_main_and_old_in_the_cluster(
    runbook: Runbook, redis: Ground
) -> None:
    begin(redis, "reconcile")
    redis.put(NEW)
    redis.mirror(NEW)
    redis.publish()
    seen = stands(runbook, redis)

    assert [seen[name] for name in ("SOPS main", "Vaultwarden", SECRET, PODS)] == [
        "new",
        "new",
        "old",
        "old",
    ]


def test_pods_not_restarted_by_the_run_are_unknown_once_the_secret_is_new(
    runbook: Runbook, redis: Ground
) -> None:
    begin(redis, "restart")
    redis.put(NEW)
    redis.mirror(NEW)
    redis.publish()
    redis.arrive()
    before = stands(runbook, redis)
    redis.restart()
    after = stands(runbook, redis)

    assert (before[SECRET], before[PODS]) == ("new", "unknown")
    assert (after[SECRET], after[PODS]) == ("new", "new")


def test_a_third_value_in_the_vault_stops_everybody(runbook: Runbook, redis: Ground) -> None:
    begin(redis, "vaultwarden")
    redis.put(NEW)
    redis.edit_vault(THIRD)
    seen = stands(runbook, redis)

    assert seen["Vaultwarden"] == "other"
    assert seen["safe"].startswith("stop and look: Vaultwarden holds neither the old nor the new")


def test_a_vault_that_is_down_is_unknown_and_the_rest_is_told(
    runbook: Runbook, redis: Ground
) -> None:
    begin(redis)
    redis.world.faults.add("vaultwarden", "status", status=503, times=None)
    seen = stands(runbook, redis)

    assert seen["Vaultwarden"] == "unknown"
    assert seen["SOPS main"] == "old"


def test_nobody_is_told_to_end_the_old_key_while_a_place_is_not_new(
    runbook: Runbook, tmp_path: Path
) -> None:
    with ground(tmp_path, ANTHROPIC) as found:
        made = found.world.anthropic.create("made by a person").secret
        begin(found, "revoke", made, "rotate-anthropic-api-key")
        found.put(made)
        found.mirror(made)
        found.publish()
        found.arrive()
        early = stands(runbook, found)
        found.restart()
        late = stands(runbook, found)

    assert early["safe"] == (
        "do not approve revoke yet: there is no way back from it, "
        "and pods of deployment/ai-agents is unknown"
    )
    assert late["safe"] == (
        f"plana-admins (anna, ada), but not otto may approve revoke: runbook approve {RUN[:8]}"
    )
    assert sorted(late[name] for name in late if " key " in name) == ["new", "old"]


def test_the_stores_can_be_left_out(runbook: Runbook, redis: Ground) -> None:
    begin(redis)
    ended = status(runbook, redis, "--no-stores")
    answer = json.loads(status(runbook, redis, "--no-stores", "--json").out)

    assert SECRET not in ended.out
    assert "safe:" not in ended.out
    assert "stores" not in answer


def test_a_run_that_has_ended_is_looked_at_only_when_asked(runbook: Runbook, redis: Ground) -> None:
    with told(redis.settings) as platform:
        story = Story(platform)
        story.start()
        finish(story, "current", redis.name(redis.old))
        story.end("stopped")
    by_itself = status(runbook, redis)
    asked = status(runbook, redis, "--stores")

    assert "safe:" not in by_itself.out
    assert "safe: the run is stopped: runbook recover redis-password says what is left" in asked.out
