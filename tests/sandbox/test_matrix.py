"""The double of Synapse lets a token tell of itself, log itself out, and administer where it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from sandbox.matrix import BOT, CLERK

if TYPE_CHECKING:
    from sandbox.world import World

WHOAMI, LOGOUT = "/_matrix/client/v3/account/whoami", "/_matrix/client/v3/logout"


def ask(world: World, token: str, path: str, method: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, f"{world.urls['matrix']}{path}", headers=headers)


def test_a_token_ends_with_its_device_by_its_own_word(world: World) -> None:
    made = world.matrix.sign_in("test")

    told = ask(world, made.secret, WHOAMI).json()

    assert (told["user_id"], told["device_id"]) == (BOT, made.key_id)
    assert ask(world, made.secret, LOGOUT, "POST").json() == {}
    after = ask(world, made.secret, WHOAMI)
    assert (after.status_code, after.json()["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    assert ask(world, "", WHOAMI).json()["errcode"] == "M_MISSING_TOKEN"


def test_an_admin_sees_accounts_and_nobody_else_does(world: World) -> None:
    path = f"/_synapse/admin/v2/users/{CLERK}"
    clerk = world.matrix.sign_in("test", CLERK).secret

    assert ask(world, world.values["matrix.admin_token"], path).json()["name"] == CLERK
    assert ask(world, clerk, path).status_code == 403
    assert ask(world, clerk, f"/_synapse/admin/v1/users/{BOT}/admin").status_code == 403


def test_beside_mas_nobody_is_asked_whether_they_are_an_admin(world: World) -> None:
    token = world.values["matrix.admin_token"]
    path = f"/_synapse/admin/v1/users/{BOT}/admin"
    assert ask(world, token, path).json() == {"admin": True}

    world.matrix.mas = True

    assert ask(world, token, path).status_code == 404
    assert ask(world, token, f"/_synapse/admin/v2/users/{BOT}").json()["admin"] is False
    world.matrix.mas = False


def test_beside_mas_a_token_that_has_logged_out_is_remembered_for_a_while(world: World) -> None:
    made = world.matrix.sign_in("test")
    world.matrix.mas, world.matrix.remembers = True, 2

    assert ask(world, made.secret, LOGOUT, "POST").status_code == 200

    assert ask(world, made.secret, WHOAMI).status_code == 200
    assert ask(world, made.secret, LOGOUT, "POST").status_code == 401
    assert ask(world, made.secret, WHOAMI).status_code == 200
    assert ask(world, made.secret, WHOAMI).status_code == 401
    world.matrix.mas, world.matrix.remembers = False, 0
