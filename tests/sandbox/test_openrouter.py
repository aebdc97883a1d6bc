"""The double of OpenRouter manages under a management key alone, and reveals a key once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.openrouter import GUARDRAIL, LAXER_GUARDRAIL, OTHER_WORKSPACE, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.world import World

KEYS = "/api/v1/keys"


@pytest.fixture
def manager(world: World) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {world.credentials.openrouter_management_key}"}
    with httpx.Client(base_url=world.urls["openrouter"], headers=headers) as client:
        yield client


def own(world: World, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.get(f"{world.urls['openrouter']}/api/v1/key", headers=headers).status_code


def assigning(guardrail: str) -> str:
    return f"/api/v1/guardrails/{guardrail}/assignments/keys"


def test_a_key_is_shown_once_and_lives_until_it_is_disabled(
    world: World, manager: httpx.Client
) -> None:
    made = manager.post(KEYS, json={"name": "fresh", "limit": 5})
    secret, identity = made.json()["key"], made.json()["data"]["hash"]
    path = f"{KEYS}/{identity}"

    assert made.status_code == 201
    assert own(world, secret) == 200
    assert secret not in manager.get(KEYS).text + manager.get(path).text
    assert manager.patch(path, json={"disabled": True}).json()["data"]["disabled"] is True
    assert own(world, secret) == 401
    assert identity not in manager.get(KEYS).text
    assert identity in manager.get(KEYS, params={"include_disabled": "true"}).text
    assert manager.delete(path).status_code == 200
    assert manager.delete(path).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "a", "limit_reset": "hourly"}, {"name": "a", "role": 1}, []]
)
def test_a_key_that_is_not_described_as_documented_is_refused(
    manager: httpx.Client, body: object
) -> None:
    assert manager.post(KEYS, json=body).status_code == 400


def test_an_ordinary_key_manages_nothing_and_no_key_even_less(world: World) -> None:
    url = f"{world.urls['openrouter']}{KEYS}"
    ordinary = {"Authorization": f"Bearer {world.values['ai_agents.openrouter_api_key']}"}

    assert httpx.get(url, headers=ordinary).status_code == 403
    assert httpx.get(url).status_code == 401
    assert own(world, world.credentials.openrouter_management_key) == 401


def test_keys_are_listed_and_made_in_one_workspace_that_must_be_there(
    manager: httpx.Client,
) -> None:
    there, nowhere = {"workspace_id": OTHER_WORKSPACE}, {"workspace_id": "nowhere"}
    made = manager.post(KEYS, json={"name": "there", **there}).json()["data"]

    assert [key["hash"] for key in manager.get(KEYS, params=there).json()["data"]] == [made["hash"]]
    assert made["hash"] not in manager.get(KEYS).text
    assert manager.get(KEYS, params={"workspace_id": WORKSPACE}).json() == manager.get(KEYS).json()
    assert manager.get(KEYS, params=nowhere).status_code == 404
    assert manager.post(KEYS, json={"name": "a", **nowhere}).status_code == 404


def test_a_key_holds_the_guardrail_that_was_assigned_last(manager: httpx.Client) -> None:
    made = manager.post(KEYS, json={"name": "fresh"}).json()["data"]["hash"]
    listed, body = "/api/v1/guardrails/assignments/keys", {"key_hashes": [made]}
    assert made not in manager.get(listed).text

    for guardrail in (GUARDRAIL, LAXER_GUARDRAIL):
        assert manager.post(assigning(guardrail), json=body).json() == {"assigned_count": 1}

    held = [each for each in manager.get(listed).json()["data"] if each["key_hash"] == made]
    assert [each["guardrail_id"] for each in held] == [LAXER_GUARDRAIL]
    assert manager.get(listed, params={"limit": "101"}).status_code == 400
    assert manager.post(assigning("none"), json=body).status_code == 404
    assert manager.post(assigning(GUARDRAIL), json={}).status_code == 400


def test_a_creator_is_a_member(manager: httpx.Client) -> None:
    body = {"name": "a", "creator_user_id": "user_who_has_left"}

    assert manager.post(KEYS, json=body).status_code == 400
