"""Faults strike the request they name, as often as they say, before or after the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.values import IDENTIFIERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.world import World


@pytest.fixture
def console(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.urls["console"]) as client:
        yield client
    world.faults.clear()


def mint(console: httpx.Client) -> httpx.Response:
    return console.post("/console/keys", json={"name": "k"}, headers={"Accept": "application/json"})


def test_status_is_answered_without_effect_so_many_times(
    world: World, console: httpx.Client
) -> None:
    made = world.anthropic.created
    world.faults.add("console", "status", path="/console/*", times=2, status=429, retry_after=7)

    first, second, third = mint(console), mint(console), mint(console)

    assert [first.status_code, second.status_code, third.status_code] == [429, 429, 201]
    assert first.headers["Retry-After"] == "7"
    assert world.anthropic.created == made + 1


def test_dropped_request_has_no_effect(world: World, console: httpx.Client) -> None:
    made = world.anthropic.created
    world.faults.add("console", "drop", method="POST")

    with pytest.raises(httpx.TransportError):
        mint(console)
    assert world.anthropic.created == made


def test_lost_reply_comes_after_the_effect(world: World, console: httpx.Client) -> None:
    made = world.anthropic.created
    fault = world.faults.add("console", "lost_reply", path="/console/keys")

    with pytest.raises(httpx.TransportError):
        mint(console)
    assert world.anthropic.created == made + 1
    assert world.faults.hits(fault) == 1
    assert world.layout.access_log.read_text().splitlines()[-1].endswith("lost_reply")


def test_half_a_body_breaks_off(world: World, console: httpx.Client) -> None:
    world.faults.add("console", "half_body", method="GET")

    with pytest.raises(httpx.RemoteProtocolError):
        console.get("/console")


def test_delay_outlasts_an_impatient_client(world: World, console: httpx.Client) -> None:
    world.faults.add("console", "delay", seconds=30, after=1)

    assert console.get("/console", timeout=5).status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        console.get("/console", timeout=0.1)


def test_faults_are_set_from_outside_and_no_state_tells_a_secret(world: World) -> None:
    with httpx.Client(base_url=world.urls["control"]) as control:
        fault = {"double": "app", "kind": "status", "path": "/healthz", "times": None}
        name = control.post("/sandbox/faults", json=fault).json()["id"]
        assert httpx.get(f"{world.urls['app']}/healthz").status_code == 503
        assert [f["hits"] for f in control.get("/sandbox/faults").json()] == [1]
        control.delete(f"/sandbox/faults/{name}")
        assert httpx.get(f"{world.urls['app']}/healthz").status_code == 200
        assert control.post("/sandbox/faults", json={"double": "sun"}).status_code == 422
        told = control.get("/sandbox/state").text + control.get("/sandbox/agreement").text

    secrets = {path: value for path, value in world.values.items() if path not in IDENTIFIERS}
    assert not [path for path, value in secrets.items() if value in told]
