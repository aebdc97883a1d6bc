"""What the tests of the Anthropic adapter share: its steps against the double of the Admin API."""

from __future__ import annotations

from typing import Any

from adapters import anthropic
from adapters.anthropic import AnthropicSettings
from engine.step import Step
from sandbox.world import World
from tests.adapters import sky

UPDATE = "/v1/organizations/api_keys/*"


def settings(world: World) -> AnthropicSettings:
    file = world.layout.credential("anthropic-admin-key")
    return AnthropicSettings(url=world.urls["anthropic"], admin_key_file=file)


def step(world: World, name: str) -> Step[Any, Any]:
    return {each.name: each for each in anthropic.steps(settings(world))}[f"anthropic.{name}"]


def old_key(world: World) -> str:
    found = world.anthropic.key_of(sky.MARKER)
    assert found is not None
    return found.key_id


def status(world: World, key_id: str) -> str:
    return world.anthropic.find(key_id).status


def find(world: World, value: str = sky.MARKER, **given: Any) -> Any:
    return sky.run(step(world, "find_key"), value=value, **given)


def seen(world: World) -> dict[str, Any]:
    """Return what a run knows of the keys before a person makes a new one."""
    found = find(world).outputs
    return {"old": found.key_id, "seen": found.seen}


def prove(world: World, expect: str, value: str = sky.MARKER, timeout: int = 1) -> Any:
    return sky.run(step(world, "probe_key"), value=value, expect=expect, timeout=timeout)


def deactivate(world: World, key_id: str, keep: str | None = None) -> Any:
    return sky.run(step(world, "deactivate_key"), key_id=key_id, keep=keep)
