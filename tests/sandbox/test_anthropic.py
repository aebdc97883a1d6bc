"""The provider double lists, updates and never reveals; a dead key stays outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.world import World

KEYS = "/v1/organizations/api_keys"
QUESTION = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def admin(world: World) -> Iterator[httpx.Client]:
    headers = {
        "x-api-key": world.credentials.anthropic_admin_key,
        "anthropic-version": "2023-06-01",
    }
    with httpx.Client(base_url=world.urls["anthropic"], headers=headers) as client:
        yield client


def ask(world: World, secret: str) -> httpx.Response:
    headers = {"x-api-key": secret, "anthropic-version": "2023-06-01"}
    return httpx.post(f"{world.urls['anthropic']}/v1/messages", headers=headers, json=QUESTION)


def test_pages_join_to_the_whole_list_without_any_secret(world: World, admin: httpx.Client) -> None:
    whole = admin.get(KEYS, params={"limit": 100})
    first = admin.get(KEYS, params={"limit": 2}).json()
    rest = admin.get(KEYS, params={"limit": 100, "after_id": first["last_id"]}).json()

    assert first["data"] + rest["data"] == whole.json()["data"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert world.values["ai_agents.anthropic_api_key"] not in whole.text


def test_status_filters_the_list(admin: httpx.Client) -> None:
    for status in ("active", "inactive", "archived", "expired"):
        found = admin.get(KEYS, params={"status": status}).json()["data"]

        assert {key["status"] for key in found} == {status}
    assert admin.get(KEYS, params={"status": "dead"}).status_code == 400


def test_hint_shows_the_ends_of_the_secret(world: World, admin: httpx.Client) -> None:
    secret = world.values["ai_agents.anthropic_api_key"]
    hints = [key["partial_key_hint"] for key in admin.get(KEYS).json()["data"]]

    assert f"{secret[:16]}...{secret[-4:]}" in hints


def test_wrong_admin_key_and_missing_version_are_refused(world: World) -> None:
    url = world.urls["anthropic"] + KEYS
    version = {"anthropic-version": "2023-06-01"}
    ordinary = {"x-api-key": world.values["ai_agents.anthropic_api_key"], **version}
    nameless = {"x-api-key": world.credentials.anthropic_admin_key}

    assert httpx.get(url, headers=version).status_code == 401
    assert httpx.get(url, headers=ordinary).json()["error"]["type"] == "authentication_error"
    assert httpx.get(url, headers=nameless).json()["error"]["type"] == "invalid_request_error"


def test_there_is_no_route_to_create_a_key(admin: httpx.Client) -> None:
    assert admin.post(KEYS, json={"name": "new"}).status_code == 404


def test_inactive_key_is_let_in_again_and_archived_never(world: World, admin: httpx.Client) -> None:
    made = httpx.post(
        f"{world.urls['console']}/console/keys",
        json={"name": "plana-new"},
        headers={"Accept": "application/json"},
    ).json()
    path, before = f"{KEYS}/{made['id']}", world.anthropic.deactivations
    assert ask(world, made["key"]).status_code == 200

    admin.post(path, json={"status": "inactive"})
    refused = ask(world, made["key"])
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
    admin.post(path, json={"status": "active"})
    assert ask(world, made["key"]).status_code == 200
    admin.post(path, json={"status": "archived"})

    assert admin.post(path, json={"status": "active"}).status_code == 400
    assert ask(world, made["key"]).status_code == 401
    assert world.anthropic.deactivations == before + 2


def test_console_page_shows_a_new_key_once(world: World) -> None:
    page = httpx.post(f"{world.urls['console']}/console/keys", data={"name": "by hand"})
    secret = world.anthropic.listing()[0].secret

    assert page.status_code == 201
    assert secret in page.text
    assert secret not in httpx.get(f"{world.urls['console']}/console").text
