"""What stands where is told by name, and never by value."""

from __future__ import annotations

import json

import httpx

from sandbox.holdings import Asked, Reader, describe_holdings
from sandbox.world import World

SECRET = Reader(
    namespace="redis",
    secret="redis-secrets",
    key="REDIS_PASSWORD",
    workloads=("redis", "redis-exporter"),
)
REDIS = Asked(path="redis.password", item="Redis password", readers=(SECRET,))


def test_values_are_told_by_where_they_came_from(world: World) -> None:
    before = describe_holdings(world, REDIS)
    world.set_as_human("redis.password", "from-outside")
    world.edit("vaultwarden", "Redis password")
    after = describe_holdings(world, REDIS)
    world.vaultwarden.edit_as_human("Redis password", "another-from-outside")
    at_last = describe_holdings(world, REDIS)

    assert before == dict.fromkeys(("sops", "vaultwarden", "kubernetes", "pods"), "old")
    assert after == {**before, "sops": "new", "vaultwarden": "edited"}
    assert at_last == {**after, "vaultwarden": "another"}


def test_two_secrets_that_differ_are_told_as_mixed(world: World) -> None:
    other = Reader(namespace="pulse-events", secret="events-secrets", key="INGEST_TOKEN")
    asked = Asked(path="redis.password", readers=(SECRET, other))

    assert describe_holdings(world, asked)["kubernetes"] == "mixed"


def test_what_is_not_there_is_nothing(world: World) -> None:
    nowhere = Reader(namespace="redis", secret="x", key="Y")
    asked = Asked(path="redis.user", item="Redis user", readers=(nowhere,))

    assert set(describe_holdings(world, asked).values()) == {"nothing"}


def test_the_control_server_tells_it_without_a_value(world: World) -> None:
    control = world.urls["control"]
    knob = {"knob": "edit", "at": "sops", "name": "redis.password"}
    httpx.post(f"{control}/sandbox/knobs", json=knob).raise_for_status()
    told = httpx.post(f"{control}/sandbox/holdings", json=REDIS.model_dump())

    assert told.json()["sops"] == "edited"
    assert not [v for v in (*world.values.values(), *world.edits) if v in json.dumps(told.text)]
    assert httpx.post(f"{control}/sandbox/holdings", json={"item": "x"}).status_code == 422
