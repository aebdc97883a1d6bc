"""The double of Odoo manages keys under keys of the same user, and tells a value once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from sandbox.world import World

KEYS = "res.users.apikeys"


def ask(world: World, secret: str, path: str, body: Any, **headers: str) -> httpx.Response:
    told = {"Authorization": f"bearer {secret}", **headers}
    return httpx.post(f"{world.urls['odoo']}/json/2/{path}", json=body, headers=told)


def in_days(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def own(world: World) -> str:
    return world.values["odoo_demo.api_key"]


def wanted(world: World, **changes: Any) -> dict[str, Any]:
    given = {"key": own(world), "scope": "rpc", "name": "n", "expiration_date": in_days(5)}
    return {**given, **changes}


def test_a_key_is_shown_once_and_lives_until_it_is_revoked_by_its_value(world: World) -> None:
    secret = ask(world, own(world), f"{KEYS}/generate", wanted(world)).json()
    listed = ask(world, secret, f"{KEYS}/search_read", {"domain": [], "fields": ["name"]})

    assert {each["name"] for each in listed.json()} == {"spreadsheet", "sync", "n"}
    assert secret not in listed.text
    assert ask(world, own(world), f"{KEYS}/revoke", {"key": secret}).json() is True
    assert ask(world, own(world), f"{KEYS}/revoke", {"key": secret}).status_code == 403
    assert ask(world, secret, "res.users/context_get", {}).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"expiration_date": in_days(91)}, 422),
        ({"expiration_date": None}, 422),
        ({"key": "0" * 40}, 403),
        ({"scope": "website"}, 200),
    ],
)
def test_what_is_no_key_of_the_user_or_for_too_long_is_refused(
    world: World, changes: dict[str, Any], status: int
) -> None:
    answer = ask(world, own(world), f"{KEYS}/generate", wanted(world, **changes))

    assert answer.status_code == status


def test_a_key_removes_nothing_by_hand_and_no_other_database_is_there(world: World) -> None:
    before = world.odoo.keys.states()

    removal = ask(world, own(world), f"{KEYS}/remove", {"ids": [int(before[0]["id"])]})

    assert removal.json()["res_model"] == "res.users.identitycheck"
    assert world.odoo.keys.states() == before
    other = ask(world, own(world), "res.users/context_get", {}, **{"X-Odoo-Database": "x"})
    assert other.status_code == 404
