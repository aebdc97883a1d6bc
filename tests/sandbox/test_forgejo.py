"""The double of Forgejo: everybody's own tokens under a password, and the rest by rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.forgejo import ACCOUNT

if TYPE_CHECKING:
    from sandbox.world import World

NINA = "/api/v1/admin/users/nina"


def ask(world: World, token: str, path: str, method: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"token {token}"}
    return httpx.request(method, f"{world.urls['forgejo']}{path}", headers=headers)


def test_a_site_administrator_sees_every_account_and_no_secret(world: World) -> None:
    admin = world.credentials.forgejo_admin_token

    assert ask(world, admin, "/api/v1/users/nina").json()["prohibit_login"] is False
    listed = ask(world, admin, f"{NINA}/tokens")

    assert [each["sha1"] for each in listed.json()] == ["", ""]
    assert listed.headers["X-Total-Count"] == "2"


@pytest.mark.parametrize("path", [f"{NINA}/tokens", "/api/v1/admin/users/sync-bot/tokens"])
def test_a_token_without_the_scope_administers_nothing(world: World, path: str) -> None:
    own = world.values["forgejo.sync_bot_token"]

    assert ask(world, own, "/api/v1/user").json()["login"] == ACCOUNT
    assert ask(world, own, path).status_code == 403
    assert ask(world, "none", path).status_code == 401


def test_a_token_that_an_administrator_deletes_lets_nobody_in_any_more(world: World) -> None:
    admin, book = world.credentials.forgejo_admin_token, world.forgejo.tokens
    made = book.create("another", "0" * 40, {"scopes": ["read:user"]})
    path = f"/api/v1/admin/users/{ACCOUNT}/tokens/{made.key_id}"

    answers = [ask(world, admin, path, "DELETE").status_code for _ in range(2)]

    assert answers == [204, 404]
    assert ask(world, "0" * 40, "/api/v1/user").status_code == 401


def test_who_comes_from_elsewhere_has_no_password_here(world: World) -> None:
    url = f"{world.urls['forgejo']}/api/v1/users/nina/tokens"
    password = world.credentials.forgejo_password

    assert httpx.get(url, auth=("nina", "")).status_code == 401
    assert httpx.get(url, auth=("nina", password)).status_code == 401
    assert httpx.get(url, auth=(ACCOUNT, password)).status_code == 403
