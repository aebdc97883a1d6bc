"""Taking a published value back: a new commit, and only over what is still ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, NEW, OLD, Infra

KEY = '["ai_agents"]["anthropic_api_key"]'


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


def test_rollback_is_a_new_commit_with_the_old_value(infra: Infra) -> None:
    world.store(infra)
    published = world.publish(infra)

    undone = world.rollback(infra, published)

    assert infra.head() == undone.commit
    assert infra.values()["ai_agents"]["anthropic_api_key"] == OLD
    message = infra.in_remote("log", "-1", "--format=%B", "main").splitlines()
    assert message[0].startswith("take back anthropic-api-key")
    assert "Runbook-Key: run-1/back" in message
    assert world.rollback(infra, published) == undone


def test_rollback_keeps_what_others_did_meanwhile(infra: Infra) -> None:
    world.store(infra)
    published = world.publish(infra)
    infra.commit({FILE: infra.edited('["redis"]["password"]', "redis-by-petra")})

    world.rollback(infra, published)

    values = infra.values()
    assert values["ai_agents"]["anthropic_api_key"] == OLD
    assert values["redis"]["password"] == "redis-by-petra"


def test_rollback_brings_an_empty_placeholder_back(infra: Infra) -> None:
    world.store(infra, at={"file": FILE, "path": "ai_agents.spare"})
    published = world.publish(infra)
    infra.commit({FILE: infra.edited('["redis"]["password"]', "redis-by-petra")})

    world.rollback(infra, published)

    assert infra.values()["ai_agents"]["spare"] is None


def test_rollback_of_a_value_that_is_no_longer_ours_is_refused(infra: Infra) -> None:
    world.store(infra)
    published = world.publish(infra)
    infra.commit({FILE: infra.edited(KEY, "by-petra")})

    with pytest.raises(Refused, match="changed by someone else"):
        world.rollback(infra, published)


def test_rollback_of_a_commit_that_main_lost_is_refused(infra: Infra) -> None:
    world.store(infra)
    published = world.publish(infra)
    infra.in_remote("update-ref", "refs/heads/main", "main^")

    with pytest.raises(Refused, match="does not contain"):
        world.rollback(infra, published)


def test_storing_and_publishing_roll_back_in_turn(infra: Infra) -> None:
    stored = world.store(infra)
    world.rollback(infra, world.publish(infra))
    step = infra.steps()["sops.set"]

    world.undo(step, world.params(step, value=NEW, at=AT), stored, world.call(key="back"))

    assert infra.values()["ai_agents"]["anthropic_api_key"] == OLD
    assert infra.branches() == {"main"}
